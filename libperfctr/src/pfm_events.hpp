// SPDX-License-Identifier: LGPL-2.1-or-later
//
// libpfm4: names of the events of this machine's CPU model.
#pragma once

#include <perfctr/event.hpp>
#include <perfctr/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perfctr {

struct PfmEvent {
  std::uint64_t code = 0;  // only bits that belong to the event
  std::string canonical;
};

// libpfm4's name without privilege modifiers.
[[nodiscard]] Result<PfmEvent> pfm_encode(const std::string& name);

// Events with their unit masks, of the core PMUs found on this machine.
[[nodiscard]] std::vector<EventDescription> pfm_list();

// "skl", or "" when libpfm4 does not know the CPU.
[[nodiscard]] std::string pfm_core_pmu();

}  // namespace perfctr
