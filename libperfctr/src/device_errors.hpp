// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the device's error codes mean to a user.  Pure functions.
#pragma once

#include <perfctr/event.hpp>
#include <perfctr/result.hpp>

#include <linux/perfctr.h>

#include <cstdint>
#include <span>
#include <string>

namespace perfctr {

[[nodiscard]] Error device_open_error(int error, const char* path);
[[nodiscard]] Error device_configure_error(int error, const perfctr_config& config,
                                           std::span<const Event> events,
                                           std::uint64_t min_period = 0);
// For start, stop, reset, read: `what` as in "start counting".
[[nodiscard]] Error device_call_error(int error, const char* what);
[[nodiscard]] Error device_no_sampling_error();
[[nodiscard]] Error device_software_event_error(const std::string& name);
[[nodiscard]] Error device_buffer_error(int error);
[[nodiscard]] Error device_abi_error(unsigned device_abi);

}  // namespace perfctr
