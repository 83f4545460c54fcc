// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What counting and sampling with perf_event have in common: a pinned group of events,
// started and stopped at its leader.
#pragma once

#include <perfctr/result.hpp>

#include <linux/perf_event.h>

#include <cstdint>

namespace perfctr {

// What read(2) gives of an event that set_group_fields() has prepared.
struct PerfCount {
  std::uint64_t value;
  std::uint64_t time_enabled_ns;
  std::uint64_t time_running_ns;
};

// False at end of file, which a pinned event in the error state gives.
[[nodiscard]] bool read_perf_count(int fd, PerfCount& count) noexcept;

// The domains (kDomainUser, kDomainKernel), the format of reads, and who controls the
// group: its leader alone is started, stopped and pinned.
void set_group_fields(perf_event_attr& attr, unsigned domains, bool leader, bool enable_on_exec);

// "cannot WHAT: ..." for an errno value.
[[nodiscard]] Error perf_call_error(int error, const char* what);

// PERF_EVENT_IOC_ENABLE and the like for the whole group.
[[nodiscard]] Result<void> call_perf_group(int leader, unsigned long request, const char* what);

}  // namespace perfctr
