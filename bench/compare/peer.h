// What the comparison asks of every system: to be started and killed, to be loaded, to answer over its own protocol.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "bench/compare/child_process.h"

namespace engram::compare {

constexpr size_t kTopK = 10;
// Candidates of each leg of a hybrid search.
constexpr size_t kHybridCandidates = 100;

// A choice that was made for a system, shown in the report.
struct Setting {
  std::string name;
  std::string value;
  std::string why;
};

// A memory as all systems store it: a text, a unit vector, and a number to filter by. Views of the data set.
struct Record {
  uint32_t row = 0;
  std::string_view text = {};
  std::span<const float> vector = {};
  uint32_t u = 0;  // random in [0, 10,000): "u < n" passes n hundredths of a per cent
  std::string_view tenant = {};
};

// Top 10 by a text, a vector or both.
struct Query {
  std::string_view text = {};          // empty: none. Any of its words may match
  std::span<const float> vector = {};  // empty: none
  uint32_t ef = 100;                   // how many candidates a graph's walk keeps, or the system's equivalent
  std::optional<uint32_t> u_below = {};
  std::string_view tenant = {};
};

// kFsync: the reply means that the write survives a loss of power, which is every system's default. kRelaxed: it
// survives the end of the process at most.
enum class Durability : uint8_t { kFsync, kRelaxed };

struct CollectionOptions {
  size_t dimensions = 0;
  Durability durability = Durability::kFsync;
  bool bulk = false;  // filled by Load() and finished by Finish() before it is asked; otherwise searched from the start
  bool tenants = false;  // its records belong to tenants, and a search is for one of them
};

struct SessionOptions {
  uint32_t ef = 100;
  bool selective = false;  // some of its searches choose rows by text or filter
  Durability durability = Durability::kFsync;
};

// A request as the protocol has it, made before any clock starts: the bytes of an HTTP request, or a statement with its
// binary parameters.
struct Prepared {
  std::string bytes;
  std::vector<std::string> parameters = {};
};

// One connection. Confined to one thread at a time.
class Session {
 public:
  virtual ~Session() = default;
  // Sends and waits for the whole reply; an error reply is an error. RateLimited: come again. FailedPrecondition: the
  // system does not offer this.
  virtual Status Exchange(const Prepared& request) = 0;
  // The hits of the last search, best first. Not part of what is timed.
  virtual Status ReadRows(std::vector<uint32_t>* rows) = 0;
};

// Where records to be loaded come from.
class Records {
 public:
  virtual ~Records() = default;
  virtual size_t size() const = 0;
  virtual Record At(size_t index) const = 0;  // thread-safe
};

// One system over a folder of its own. Confined to one thread, but for Prepare…() and NewSession(), which are
// thread-safe.
class Peer {
 public:
  virtual ~Peer() = default;

  virtual std::string name() const = 0;
  // Of the running server.
  virtual Result<std::string> Version() = 0;
  virtual std::vector<Setting> settings() const = 0;

  // Starts the process and returns at once.
  virtual Status Launch() = 0;
  // DeadlineExceeded, with the end of its log, after two minutes.
  virtual Status WaitUntilReady() = 0;
  virtual ChildProcess& process() = 0;
  // Resident, without what it holds in reserve and tells of.
  virtual Result<uint64_t> InUseBytes() = 0;
  // Where it keeps everything.
  virtual std::string data_folder() const = 0;

  virtual Status Create(const std::string& collection, const CollectionOptions& options) = 0;
  virtual Status Load(const std::string& collection, const Records& records, size_t connections) = 0;
  // Brings the collection into the state in which it is meant to be searched: indexed, merged, analysed. Returns the
  // seconds this took, without those that were spent on being sure.
  virtual Result<double> Finish(const std::string& collection) = 0;

  virtual Prepared PrepareSearch(const std::string& collection, const Query& query) const = 0;
  virtual Prepared PrepareWrite(const std::string& collection, std::span<const Record> records,
                                Durability durability) const = 0;
  virtual Result<std::unique_ptr<Session>> NewSession(const SessionOptions& options) const = 0;
};

// What a peer is made of and where it lives.
struct PeerPlace {
  std::string folder;         // of this run, for data and logs
  std::string engram_binary;  // build/release/engram
  std::string peers_scripts;  // bench/compare/peers
  std::string own_binary;     // of this program, which is the null server, too
  size_t memory_mib = 4096;   // that each may use
  size_t dimensions = 0;      // of all vectors
};

// Unavailable with the reason when it can't be had here.
Result<std::unique_ptr<Peer>> MakeEngramPeer(const PeerPlace& place);
Result<std::unique_ptr<Peer>> MakeOpenSearchPeer(const PeerPlace& place);
Result<std::unique_ptr<Peer>> MakePgvectorPeer(const PeerPlace& place);
// The same with a graph of half-precision vectors.
Result<std::unique_ptr<Peer>> MakePgvectorHalfPeer(const PeerPlace& place);
Result<std::unique_ptr<Peer>> MakeMem0Peer(const PeerPlace& place);
// Answers every search at once with the same ten rows, to show what the generator itself costs.
Result<std::unique_ptr<Peer>> MakeNullPeer(const PeerPlace& place);
// Never returns while it serves.
int ServeNull(uint16_t port);

}  // namespace engram::compare
