// The figures of a run at length, for whoever adds up several and prints a table (`./dev crash`).
#pragma once

#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <utility>

namespace engram {

// "report WHAT seed=SEED FIGURE=COUNT …" on a line of stdout. Names have no spaces; counts of several runs add up, but
// for those that are called max_….
inline void PrintReport(const char* what, uint64_t seed,
                        std::initializer_list<std::pair<const char*, uint64_t>> figures) {
  std::printf("report %s seed=%llu", what, static_cast<unsigned long long>(seed));
  for (const auto& [name, count] : figures) std::printf(" %s=%llu", name, static_cast<unsigned long long>(count));
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace engram
