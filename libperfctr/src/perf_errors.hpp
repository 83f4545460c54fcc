// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What perf_event_open's error codes mean to a user.
#pragma once

#include <perfctr/event.hpp>
#include <perfctr/result.hpp>

#include <span>

namespace perfctr {

// What the machine says about itself; tests make it up.
struct PerfSurroundings {
  bool has_pmu = false;       // /sys/bus/event_source/devices/cpu*
  bool is_xen = false;        // /sys/hypervisor/type is xen
  int paranoid = 2;           // kernel.perf_event_paranoid
  bool nmi_watchdog = false;  // it holds a counter
};
[[nodiscard]] PerfSurroundings look_around();

// perf_event_open failed with `error` for events[place], the thread being `tid`.
[[nodiscard]] Error perf_open_error(int error, std::span<const Event> events, std::size_t place,
                                    int tid, const PerfSurroundings& surroundings);

// The set is configured, but the kernel never found room for it on the PMU.
[[nodiscard]] Error perf_no_room_error(const PerfSurroundings& surroundings);

}  // namespace perfctr
