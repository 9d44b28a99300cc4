// What the server counts, in Prometheus' text form. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engram {

struct Gauge;

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // One answered request. `route` is a pattern of the route table, or "(none)".
  void CountRequest(std::string_view method, std::string_view route, int status, std::chrono::nanoseconds took);
  // One refused: "guard", "queue_full", "connections", "bodies", "key", "right", "rate",
  // "handshake".
  void CountRejected(std::string_view reason);
  // A request whose handler began or ended: +1, -1.
  void AddInFlight(int change);
  void AddConnections(int change);

  // All of the above, the process's own numbers and `gauges`.
  std::string Render(const std::vector<Gauge>& gauges) const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

// Resident bytes, CPU seconds, open files and threads of this process, from /proc/self.
std::vector<Gauge> ProcessGauges();

}  // namespace engram
