// SPDX-License-Identifier: LGPL-2.1-or-later
//
// regions.cpp: a small profiler in C++.  Each thread sums up what two pieces of
// its work do, with a set of its own.
//
//   find_package(Perfctr REQUIRED)
//   target_link_libraries(regions Perfctr::perfctr)
//
// Exit status: 0, or 1 where nothing can be counted.
#include <perfctr/perfctr.hpp>

#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using perfctr::RegionTotals;

std::mutex output;
std::atomic<bool> failed{false};

bool check(const perfctr::Result<void>& result) {
  if (result) return true;
  const std::lock_guard lock(output);
  std::fprintf(stderr, "regions: %s.\n", result.error().sentence().c_str());
  failed = true;
  return false;
}

void work(unsigned number) {
  auto set = perfctr::CounterSet::open("instructions,branches");
  if (!set) {
    check(set.error());
    return;
  }
  RegionTotals<2> filling, looking;
  {
    const perfctr::ScopedCount counting(*set);
    if (!check(counting.started())) return;
    const perfctr::Reader reader = set->reader();

    std::map<unsigned, std::string> words;
    for (unsigned i = 0; i < 1000; ++i) {
      const perfctr::Region region(reader, filling);
      words.emplace(i * 2654435761u, "word");
    }
    for (unsigned i = 0; i < 1000; ++i) {
      const perfctr::Region region(reader, looking);
      if (words.find(i * 2654435761u) == words.end()) failed = true;
    }
  }
  const std::lock_guard lock(output);
  const auto print = [&](const char* name, const RegionTotals<2>& totals) {
    std::printf("thread %u, %s: %llu visits, %llu instructions, %llu branches\n", number, name,
                static_cast<unsigned long long>(totals.visits),
                static_cast<unsigned long long>(totals.counts[0]),
                static_cast<unsigned long long>(totals.counts[1]));
  };
  print("fill", filling);
  print("look up", looking);
}

}  // namespace

int main() {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 2; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  return failed ? 1 : 0;
}
