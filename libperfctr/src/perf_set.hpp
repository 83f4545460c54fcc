// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "backend.hpp"
#include "scoped_fd.hpp"
#include "scoped_mmap.hpp"

#include <linux/perf_event.h>

#include <string>
#include <vector>

namespace perfctr {

// A counter set of Linux perf_event: one pinned group of raw events, so that it
// counts as a whole or says that it cannot.
class PerfSet final : public BackendSet {
 public:
  PerfSet() = default;

  BackendKind kind() const noexcept override { return BackendKind::kPerfEvent; }
  bool configure_in_target() const noexcept override { return false; }
  Result<void> configure(std::span<const Event> events, const Options& options) override;
  Result<void> start() override;
  Result<void> stop() override;
  Result<void> reset() override;
  Result<Reading> read(bool target_only) const override;
  Result<std::vector<ThreadReading>> read_threads() const override;
  State state() const noexcept override;
  void read_values(std::uint64_t* values, unsigned nr) const noexcept override;
  std::uint64_t read_value(unsigned index) const noexcept override;
  std::uint64_t time_ticks() const noexcept override;

  // The attribute of one event; the group's leader is the first.
  [[nodiscard]] static perf_event_attr attribute(const Event& event, const Options& options,
                                                 bool leader);

 private:
  struct Counter {
    ScopedFd fd;
    ScopedMmap page;
  };
  Result<void> call(unsigned long request, const char* what);
  Result<void> map_pages();
  [[nodiscard]] bool target_gone() const noexcept;
  [[nodiscard]] std::uint64_t read_by_kernel(unsigned index) const noexcept;

  std::vector<Counter> counters_;
  std::vector<const perf_event_mmap_page*> pages_;
  std::string comm_;  // when the set was made: the thread may be gone when asked
  pid_t tid_ = 0;
  bool inherit_ = false;
  bool running_ = false;
};

}  // namespace perfctr
