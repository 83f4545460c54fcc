// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "backend_sampler.hpp"
#include "perf_buffer.hpp"
#include "scoped_fd.hpp"

#include <linux/perf_event.h>

#include <map>
#include <vector>

namespace perfctr {

// A sampler of Linux perf_event.  The kernel gives no buffer to a thread's
// inherited events: those are opened on each CPU, like perf does.
class PerfSampler final : public BackendSampler {
 public:
  BackendKind kind() const noexcept override { return BackendKind::kPerfEvent; }
  bool configure_in_target() const noexcept override { return false; }
  Result<void> prepare(std::span<const SampledEvent> events,
                       const SamplerOptions& options) override;
  Result<void> configure(std::span<const SampledEvent> events,
                         const SamplerOptions& options) override;
  Result<void> map_buffer() override;
  Result<void> start() override;
  Result<void> stop() override;
  int fd() const noexcept override { return epoll_.get(); }
  Result<std::size_t> drain(const OnSample& on_sample, const OnLost& on_lost) override;
  Result<SampleTotals> total() override;
  std::uint64_t period(unsigned index) const noexcept override {
    return index < periods_.size() ? periods_[index] : 0;
  }
  std::uint32_t overflowed(const siginfo_t& info) const noexcept override;

  // The attribute of one event; a group's leader is the first.
  [[nodiscard]] static perf_event_attr attribute(const SampledEvent& event,
                                                 const SamplerOptions& options,
                                                 std::uint32_t wakeup_bytes, bool leader);

  // A sample as attribute() asks for it, without its callbacks; false when the
  // record is too short or of no event of ours.
  bool parse_sample(std::span<const std::byte> record, Sample& sample);

 private:
  // All events on one CPU, or wherever the thread runs, with one buffer.
  struct Group {
    std::vector<ScopedFd> fds;
    PerfBuffer buffer;
  };
  Result<void> open_group(int cpu, std::span<const SampledEvent> events,
                          const SamplerOptions& options);
  Result<void> send_signals(int signal, pid_t tid);
  Result<void> call(unsigned long request, const char* what);
  void hand_over(const RecordRing& ring, const OnSample& on_sample, const OnLost& on_lost);
  void forget_ended();

  std::vector<Group> groups_;
  std::map<std::uint64_t, unsigned> index_of_id_;
  std::vector<std::uint64_t> periods_;
  std::vector<std::uint64_t> chain_;
  ScopedFd epoll_;
  unsigned buffer_pages_ = 0;
  std::uint64_t buffer_lost_ = 0;
  std::uint64_t throttled_ = 0;
  bool running_ = false;
};

}  // namespace perfctr
