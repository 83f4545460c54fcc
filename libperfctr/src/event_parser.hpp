// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "event_table.hpp"

#include <perfctr/event.hpp>

#include <string_view>

namespace perfctr {

// parse_event() of <perfctr/event.hpp>, for a vendor.
[[nodiscard]] Result<Event> parse_event(std::string_view text, CpuVendor vendor);

}  // namespace perfctr
