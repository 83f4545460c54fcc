// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is exact here, and why.
//
// measure(reader, n) takes a snapshot, runs the known loop for n turns, takes
// another snapshot.  Beside the loop it executes the same instructions whatever
// n is, so
//
//	measure(n) - measure(1) = (n - 1) * 2 instructions, (n - 1) branches
//
// (known_loop.hpp), and there is nothing to estimate.  On real processors each
// interrupt adds one instruction, its IRET; hence the least of kTries: an
// interrupt can only add, and a loop of some hundred microseconds is often
// undisturbed.
#include "self_check.hpp"

#include "known_loop.hpp"
#include "stat_report.hpp"

#include <perfctr/perfctr.hpp>

#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

namespace perfctr::cli {
namespace {

constexpr unsigned kTries = 10;
constexpr std::uint64_t kTurns = 100000;

using Counts = std::array<std::uint64_t, 2>;  // instructions, branches

[[gnu::noinline]] Counts measure(Reader reader, std::uint64_t turns) {
  const Counts before = reader.read_all<2>();
  known_loop(turns);
  const Counts after = reader.read_all<2>();
  return {after[0] - before[0], after[1] - before[1]};
}

Counts least_of(Reader reader, std::uint64_t turns) {
  Counts least = measure(reader, turns);
  for (unsigned i = 1; i < kTries; ++i) {
    const Counts counts = measure(reader, turns);
    for (std::size_t k = 0; k < counts.size(); ++k) least[k] = std::min(least[k], counts[k]);
  }
  return least;
}

CheckItem compare(const char* what, std::uint64_t counted, std::uint64_t expected) {
  return {counted == expected,
          format("%s: counted %llu, expected %llu", what, static_cast<unsigned long long>(counted),
                 static_cast<unsigned long long>(expected))};
}

// Two items: instructions and branches that kTurns - 1 more turns add.
void check_loop(const char* when, Reader reader, std::vector<CheckItem>& items) {
  const Counts one = least_of(reader, 1);
  const Counts many = least_of(reader, kTurns);
  items.push_back(compare(format("instructions of a loop, %s", when).c_str(), many[0] - one[0],
                          (kTurns - 1) * kLoopInstructions));
  items.push_back(compare(format("branches of a loop, %s", when).c_str(), many[1] - one[1],
                          (kTurns - 1) * kLoopBranches));
}

// Another thread of this process keeps a CPU busy meanwhile; its work is not ours.
void check_beside_thread(Reader reader, std::vector<CheckItem>& items) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop.load(std::memory_order_relaxed)) known_loop(1000);
  });
  ::sched_yield();
  check_loop("beside another thread", reader, items);
  stop = true;
  other.join();
}

}  // namespace

Result<std::vector<CheckItem>> check_counting() {
  auto set = CounterSet::open("instructions:u,branches:u");
  if (!set) return set.error();
  if (auto started = set->start(); !started) return started.error();
  std::vector<CheckItem> items;
  const Reader reader = set->reader();
  items.push_back({set->state() == State::kRunning, "the set counts"});
  check_loop("read in user mode", reader, items);
  check_beside_thread(reader, items);

  const std::uint64_t early = reader.read(0);
  const std::uint64_t late = reader.read(0);
  items.push_back({late > early, "two reads in a row grow"});

  if (auto stopped = set->stop(); !stopped) return stopped.error();
  const Counts at_rest = reader.read_all<2>();
  known_loop(kTurns);
  items.push_back(compare("a stopped set", reader.read_all<2>()[0], at_rest[0]));
  const auto kernel = set->total();
  if (!kernel) return kernel.error();
  items.push_back(compare("the kernel's value of instructions", kernel->values[0], at_rest[0]));
  items.push_back(compare("the kernel's value of branches", kernel->values[1], at_rest[1]));

  if (auto again = set->start(); !again) return again.error();
  known_loop(kTurns);
  const std::uint64_t resumed = reader.read(0) - at_rest[0];
  items.push_back(
      {resumed >= kTurns * kLoopInstructions && resumed < 2 * kTurns * kLoopInstructions,
       "a set that is started again counts on from where it stopped"});
  if (auto reset = set->reset(); !reset) return reset.error();
  const std::uint64_t fresh = reader.read(0);
  items.push_back({fresh < kTurns, "a reset begins at zero again"});
  return items;
}

}  // namespace perfctr::cli
