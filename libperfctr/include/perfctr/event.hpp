// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perfctr {

// Where an event counts; the bits of PERFCTR_DOM_*.
inline constexpr std::uint32_t kDomainUser = 1u << 0;
inline constexpr std::uint32_t kDomainKernel = 1u << 1;
inline constexpr std::uint32_t kDomainHypervisor = 1u << 2;

// One event, ready to be counted.
struct Event {
  std::string name;        // as typed, with its modifiers: "instructions:u"
  std::string canonical;   // what it was resolved to: "skl::INST_RETIRED:ANY_P"
  std::uint64_t code = 0;  // select 7:0, umask 15:8, edge 18, inv 23, cmask 31:24
  std::uint32_t domains = kDomainUser;
};

struct EventDescription {
  std::string name;
  std::string kind;  // "hw" for the generic names, else the PMU's name
  std::string text;
  std::uint64_t code = 0;
};

// One event.  Accepted: the generic names of perf (`perfctr list hw`), names of
// libpfm4 ("MEM_INST_RETIRED:ALL_LOADS", "skl::..."), raw codes ("r01c4") and
// "cpu/event=0xc4,umask=0x1/"; each with modifiers ":u" (the default), ":k",
// ":h" or several of them.
[[nodiscard]] Result<Event> parse_event(std::string_view text);

// A list of events separated by commas; braces for groups are accepted and mean
// nothing, because a set always counts as one group.
[[nodiscard]] Result<std::vector<Event>> parse_events(std::string_view text);

// Events of this machine's CPU whose name contains `pattern`, all when empty.
[[nodiscard]] std::vector<EventDescription> list_events(std::string_view pattern);

}  // namespace perfctr
