#include "server/metrics.h"

#include <array>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/mutex.h"
#include "server/server.h"

namespace engram {
namespace {

// Seconds: from a cheap reply to a slow scan.
const prometheus::Histogram::BucketBoundaries& LatencyBuckets() {
  static const prometheus::Histogram::BucketBoundaries buckets = {
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return buckets;
}

prometheus::MetricFamily FamilyOf(const Gauge& gauge) {
  prometheus::MetricFamily family;
  family.name = gauge.name;
  family.help = gauge.help;
  family.type = prometheus::MetricType::Gauge;
  return family;
}

prometheus::ClientMetric SampleOf(const Gauge& gauge) {
  prometheus::ClientMetric sample;
  sample.gauge.value = gauge.value;
  for (const auto& [name, value] : gauge.labels) sample.label.push_back({name, value});
  return sample;
}

// Samples of one name belong into one family, wherever they stand in the list.
void AddGauges(const std::vector<Gauge>& gauges, std::vector<prometheus::MetricFamily>* families) {
  std::map<std::string, size_t> places;
  for (const Gauge& gauge : gauges) {
    const auto [place, inserted] = places.emplace(gauge.name, families->size());
    if (inserted) families->push_back(FamilyOf(gauge));
    (*families)[place->second].metric.push_back(SampleOf(gauge));
  }
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Histogram>& requests =
      prometheus::BuildHistogram()
          .Name("engram_http_request_seconds")
          .Help("Time from a request's last header to its reply, by route and status class")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& rejected = prometheus::BuildCounter()
                                                          .Name("engram_http_rejected_total")
                                                          .Help("Requests and connections refused, by reason")
                                                          .Register(registry);
  prometheus::Gauge& in_flight = prometheus::BuildGauge()
                                     .Name("engram_http_requests_in_flight")
                                     .Help("Requests waiting for their handler's answer")
                                     .Register(registry)
                                     .Add({});
  prometheus::Gauge& connections =
      prometheus::BuildGauge().Name("engram_http_connections").Help("Open connections").Register(registry).Add({});

  // The registry's own look-up compares label maps; this one is a hash away.
  Mutex mutex;
  std::unordered_map<std::string, prometheus::Histogram*> by_route GUARDED_BY(mutex);

  prometheus::Histogram* HistogramOf(std::string_view method, std::string_view route, int status) {
    const std::string key = fmt::format("{} {} {}", method, route, status / 100);
    const MutexLock lock(mutex);
    prometheus::Histogram*& histogram = by_route[key];
    if (histogram == nullptr) {
      histogram = &requests.Add({{"method", std::string(method)},
                                 {"route", std::string(route)},
                                 {"status", fmt::format("{}xx", status / 100)}},
                                LatencyBuckets());
    }
    return histogram;
  }
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::CountRequest(std::string_view method, std::string_view route, int status, std::chrono::nanoseconds took) {
  families_->HistogramOf(method, route, status)->Observe(std::chrono::duration<double>(took).count());
}

void Metrics::CountRejected(std::string_view reason) {
  families_->rejected.Add({{"reason", std::string(reason)}}).Increment();
}

void Metrics::AddInFlight(int change) { families_->in_flight.Increment(change); }
void Metrics::AddConnections(int change) { families_->connections.Increment(change); }

std::string Metrics::Render(const std::vector<Gauge>& gauges) const {
  std::vector<prometheus::MetricFamily> all = families_->registry.Collect();
  AddGauges(ProcessGauges(), &all);
  AddGauges(gauges, &all);
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace engram
