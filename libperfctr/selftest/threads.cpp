// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Threads that count themselves, each with a set of its own, while the others
// run and the scheduler moves them about.  Each round runs the known loop for
// another number of turns between two snapshots; beside the loop, a round is
// always the same instructions.  So with the smallest round of the thread as
// reference, every other must differ from it by exactly what its loop adds:
// a count of another thread, or a lost one, shows as an error.
//
// A switch in the middle of the second snapshot makes it begin again.  What it has
// executed by then (17 instructions and 2 branches, from the version to the jump back)
// is rightly in its counts, so such a round says nothing about its loop, and is repeated.
#include "known_loop.hpp"
#include "selftest.hpp"

#include <sched.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

namespace perfctr::selftest {
namespace {

using Counts = std::array<std::uint64_t, 2>;  // instructions, branches

struct Round {
  Counts counts;
  bool disturbed;  // the version has changed since just before the second snapshot
};

std::uint32_t version_of(Reader reader) {
  return *const_cast<const volatile std::uint32_t*>(&reader.slot()->epoch);
}

[[gnu::noinline]] Round round_of(Reader reader, std::uint64_t turns) {
  const Counts before = reader.read_all<2>();
  known_loop(turns);
  const std::uint32_t version = version_of(reader);
  const Counts after = reader.read_all<2>();
  const bool disturbed = version_of(reader) != version;
  return {{after[0] - before[0], after[1] - before[1]}, disturbed};
}

struct Outcome {
  std::optional<Error> error;
  std::uint64_t rounds = 0;
  std::uint64_t repeated = 0;
  std::uint64_t wrong = 0;
  std::int64_t worst = 0;           // counted minus expected
  std::uint64_t disagreements = 0;  // between user mode and kernel, once stopped
};

// Were most rounds disturbed, the versions would be at fault: they are not repeated for ever.
Counts undisturbed(Reader reader, std::uint64_t turns, unsigned rounds, Outcome& outcome) {
  Round round = round_of(reader, turns);
  while (round.disturbed && outcome.repeated < rounds) {
    ++outcome.repeated;
    round = round_of(reader, turns);
  }
  return round.counts;
}

Outcome run_thread(unsigned number, unsigned rounds) {
  Outcome outcome;
  auto set = CounterSet::open("instructions:u,branches:u");
  if (!set) {
    outcome.error = set.error();
    return outcome;
  }
  if (auto started = set->start(); !started) {
    outcome.error = started.error();
    return outcome;
  }
  const Reader reader = set->reader();
  round_of(reader, 1);  // code and stack are touched
  const Counts least = undisturbed(reader, 1, rounds, outcome);
  for (unsigned i = 1; i <= rounds; ++i) {
    const std::uint64_t turns = 1 + std::uint64_t{10007} * i + std::uint64_t{1009} * number;
    const Counts counts = undisturbed(reader, turns, rounds, outcome);
    const Counts expected = {least[0] + (turns - 1) * kLoopInstructions,
                             least[1] + (turns - 1) * kLoopBranches};
    ++outcome.rounds;
    if (counts != expected) {
      ++outcome.wrong;
      const auto error = static_cast<std::int64_t>(counts[0] - expected[0]);
      if (std::abs(error) > std::abs(outcome.worst)) outcome.worst = error;
    }
    ::sched_yield();
  }
  static_cast<void>(set->stop().ok());
  const auto stopped = reader.read_all<2>();
  const auto kernel = set->target();
  if (!kernel) {
    outcome.error = kernel.error();
  } else if (kernel->values[0] != stopped[0] || kernel->values[1] != stopped[1]) {
    ++outcome.disagreements;
  }
  return outcome;
}

}  // namespace

int count_in_threads(unsigned threads, unsigned rounds) {
  std::vector<Outcome> outcomes(threads);
  std::vector<std::thread> running;
  for (unsigned i = 0; i < threads; ++i) {
    running.emplace_back([&outcomes, i, rounds] { outcomes[i] = run_thread(i, rounds); });
  }
  for (std::thread& thread : running) thread.join();

  std::uint64_t total = 0, repeated = 0, wrong = 0, disagreements = 0;
  std::int64_t worst = 0;
  for (const Outcome& outcome : outcomes) {
    if (outcome.error) return fail(*outcome.error);
    total += outcome.rounds;
    repeated += outcome.repeated;
    wrong += outcome.wrong;
    disagreements += outcome.disagreements;
    if (std::abs(outcome.worst) > std::abs(worst)) worst = outcome.worst;
  }
  std::printf(
      "{\"threads\" : %u, \"rounds\" : %llu, \"repeated\" : %llu, \"wrong\" : %llu, "
      "\"worst_error\" : %lld, "
      "\"disagreements\" : %llu}\n",
      threads, static_cast<unsigned long long>(total), static_cast<unsigned long long>(repeated),
      static_cast<unsigned long long>(wrong), static_cast<long long>(worst),
      static_cast<unsigned long long>(disagreements));
  return wrong == 0 && disagreements == 0 ? 0 : 1;
}

}  // namespace perfctr::selftest
