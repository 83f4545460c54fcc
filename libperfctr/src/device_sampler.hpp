// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "backend_sampler.hpp"
#include "device_file.hpp"
#include "period_control.hpp"
#include "record_ring.hpp"

#include <linux/perfctr.h>

#include <vector>

namespace perfctr {

// A sampler of /dev/perfctr.
class DeviceSampler final : public BackendSampler {
 public:
  explicit DeviceSampler(std::unique_ptr<DeviceFile> file) : file_(std::move(file)) {}

  BackendKind kind() const noexcept override { return BackendKind::kDevice; }
  bool configure_in_target() const noexcept override { return true; }
  Result<void> prepare(std::span<const SampledEvent> events,
                       const SamplerOptions& options) override;
  Result<void> configure(std::span<const SampledEvent> events,
                         const SamplerOptions& options) override;
  Result<void> map_buffer() override;
  Result<void> start() override;
  Result<void> stop() override;
  int fd() const noexcept override { return file_->fd(); }
  Result<std::size_t> drain(const OnSample& on_sample, const OnLost& on_lost) override;
  Result<SampleTotals> total() override;
  std::uint64_t period(unsigned index) const noexcept override {
    return index < periods_.size() ? periods_[index] : 0;
  }
  std::uint32_t overflowed(const siginfo_t& info) const noexcept override;

 private:
  Result<void> call(unsigned long request, const char* what);
  Result<perfctr_read> read();
  Result<void> adapt(const perfctr_read& now);
  void hand_over(const OnSample& on_sample, const OnLost& on_lost);

  std::unique_ptr<DeviceFile> file_;
  perfctr_info info_{};
  unsigned buffer_pages_ = 0;
  RecordRing ring_;
  std::vector<std::uint64_t> periods_;
  std::vector<PeriodControl> controls_;  // one per event, most of them idle
  std::vector<std::uint64_t> chain_;     // of the sample that is handed over
};

}  // namespace perfctr
