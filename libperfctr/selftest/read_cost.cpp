// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Instructions per read, counted by the counter that is read.  Two reads of
// counter 0, `instructions:u`, stand around a chain of kChain reads, and two
// around a chain twice as long.  What the longer chain adds, divided by kChain,
// is the cost of one read: all that surrounds a chain cancels out.
#include "selftest.hpp"

#include <cstdio>
#include <string>

namespace perfctr::selftest {
namespace {

constexpr unsigned kChain = 64;

// The chain is inlined into a caller of its own, as in any program.
template <unsigned kLength, class Read>
[[gnu::noinline]] std::uint64_t counted(Reader reader, Read read) {
  const std::uint64_t before = reader.read(0);
#pragma GCC unroll 128
  for (unsigned i = 0; i < kLength; ++i) read(reader);
  return reader.read(0) - before;
}

template <class Read>
double cost_of(Reader reader, Read read) {
  const std::uint64_t twice = counted<2 * kChain>(reader, read);
  const std::uint64_t once = counted<kChain>(reader, read);
  return static_cast<double>(twice - once) / kChain;
}

// For the first N counters of a set of at least N.
template <std::size_t N>
double cost_of_snapshot(Reader reader, bool checked) {
  if (checked) return cost_of(reader, [](Reader r) { static_cast<void>(r.read_all<N>()); });
  return cost_of(reader, [](Reader r) { static_cast<void>(r.read_all_unchecked<N>()); });
}

double cost_of_all(Reader reader, unsigned nr, bool checked) {
  switch (nr) {
    case 8:
      return cost_of_snapshot<8>(reader, checked);
    case 7:
      return cost_of_snapshot<7>(reader, checked);
    case 6:
      return cost_of_snapshot<6>(reader, checked);
    case 5:
      return cost_of_snapshot<5>(reader, checked);
    default:
      return cost_of_snapshot<4>(reader, checked);
  }
}

// As many counters as there is room for, 8 at most, 4 at least.
Result<CounterSet> open_largest() {
  std::string events = "instructions:u,cycles:u";
  for (int i = 0; i < 6; ++i) events += ",branches:u";
  for (;;) {
    auto set = CounterSet::open(events);
    if (set || set.error().code != Errc::kNoHardwareCounter) return set;
    events.erase(events.rfind(','));
    if (events.size() < sizeof("instructions:u,cycles:u,branches:u,branches:u") - 1) return set;
  }
}

}  // namespace

int measure_read_cost() {
  auto set = open_largest();
  if (!set) return fail(set.error());
  if (auto started = set->start(); !started) return fail(started.error());
  const Reader reader = set->reader();
  const unsigned nr = set->size();
  const auto print = [](const char* name, double cost) {
    std::printf("\"%s\" : %g, ", name, cost);
  };

  std::printf("{");
  if (reader.direct()) {
    print("read1", cost_of(reader, [](Reader r) { static_cast<void>(r.read_unchecked(1)); }));
    print("read4", cost_of_snapshot<4>(reader, false));
    print("read_all", cost_of_all(reader, nr, false));
  } else {
    // Without a slot there is no read that is not checked.
    std::printf("\"read1\" : null, \"read4\" : null, \"read_all\" : null, ");
  }
  print("read1_checked", cost_of(reader, [](Reader r) { static_cast<void>(r.read(1)); }));
  print("read4_checked", cost_of_snapshot<4>(reader, true));
  print("read_all_checked", cost_of_all(reader, nr, true));
  print("read_time", cost_of(reader, [](Reader r) { static_cast<void>(r.time_ticks()); }));
  std::printf("\"counters\" : %u, \"backend\" : \"%s\"}\n", nr,
              set->backend() == BackendKind::kDevice ? "device" : "perf_event");
  return 0;
}

int only_read(std::uint64_t reads) {
  auto set = CounterSet::open("instructions:u");
  if (!set) return fail(set.error());
  if (auto started = set->start(); !started) return fail(started.error());
  const Reader reader = set->reader();
  std::uint64_t last = reader.read(0);
  std::uint64_t backwards = 0;
  for (std::uint64_t i = 0; i < reads; ++i) {
    const std::uint64_t value = reader.read(0);
    if (value <= last) ++backwards;
    last = value;
  }
  std::printf("{\"reads\" : %llu, \"backwards\" : %llu}\n", static_cast<unsigned long long>(reads),
              static_cast<unsigned long long>(backwards));
  return backwards == 0 ? 0 : 1;
}

}  // namespace perfctr::selftest
