// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/counter_set.hpp>
#include <perfctr/sampler.hpp>

#include <sys/types.h>

#include <vector>

namespace perfctr::cli {

// Threads of a process, empty when there is no such process.
[[nodiscard]] std::vector<pid_t> threads_of(pid_t pid);

// Whether a thread exists and is not just waiting to be reaped.
[[nodiscard]] bool is_alive(pid_t tid);

// A counting set of a running thread.  Where the kernel asks for it, the thread
// is traced while the set is made, and let go again.
[[nodiscard]] Result<CounterSet> attach(const std::vector<Event>& events, const Options& options,
                                        pid_t tid);

// The same for a sampler.
[[nodiscard]] Result<Sampler> attach_sampler(const std::vector<SampledEvent>& events,
                                             const SamplerOptions& options, pid_t tid);

}  // namespace perfctr::cli
