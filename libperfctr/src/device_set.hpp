// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "backend.hpp"
#include "device_file.hpp"

#include <linux/perfctr.h>

#include <memory>

namespace perfctr {

// A counter set of /dev/perfctr.
class DeviceSet final : public BackendSet {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DeviceSet>> create(std::unique_ptr<DeviceFile> file);

  BackendKind kind() const noexcept override { return BackendKind::kDevice; }
  bool configure_in_target() const noexcept override { return true; }
  Result<void> configure(std::span<const Event> events, const Options& options) override;
  Result<void> start() override;
  Result<void> stop() override;
  Result<void> reset() override;
  Result<Reading> read(bool target_only) const override;
  Result<std::vector<ThreadReading>> read_threads() const override;
  State state() const noexcept override;
  const perfctr_slot* slot() const noexcept override;
  void read_values(std::uint64_t* values, unsigned nr) const noexcept override;
  std::uint64_t read_value(unsigned index) const noexcept override;
  std::uint64_t time_ticks() const noexcept override;

  [[nodiscard]] const perfctr_info& info() const noexcept { return info_; }

 private:
  explicit DeviceSet(std::unique_ptr<DeviceFile> file) : file_(std::move(file)) {}
  Result<void> call(unsigned long request, const char* what);

  std::unique_ptr<DeviceFile> file_;
  perfctr_info info_{};
  const perfctr_slot* mapped_ = nullptr;
};

}  // namespace perfctr
