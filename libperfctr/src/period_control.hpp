// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which period gives a frequency: a device samples by period only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace perfctr {

class PeriodControl final {
 public:
  PeriodControl() = default;
  PeriodControl(std::uint64_t frequency, std::uint64_t least) noexcept
      : frequency_(frequency),
        least_(std::max<std::uint64_t>(least, 1)),
        period_(bounded(kNominalRate / frequency)) {}

  [[nodiscard]] bool active() const noexcept { return frequency_ != 0; }
  [[nodiscard]] std::uint64_t period() const noexcept { return period_; }

  // Given the event's count and the threads' time on a CPU so far, a better
  // period, if the present one is off by a quarter or more.
  [[nodiscard]] std::optional<std::uint64_t> adapt(std::uint64_t count,
                                                   std::uint64_t running_ns) noexcept {
    const std::uint64_t events = count - last_count_;
    const std::uint64_t ns = running_ns - last_ns_;
    // Too short a time says nothing, nor does one without events.
    if (running_ns < last_ns_ || count < last_count_ || ns < kLeastTime_ns || events == 0) {
      return std::nullopt;
    }
    last_count_ = count;
    last_ns_ = running_ns;
    const auto wanted = static_cast<std::uint64_t>(std::clamp<unsigned __int128>(
        static_cast<unsigned __int128>(events) * 1000000000u / ns / frequency_, 1, kMostPeriod));
    // One odd interval is not to spoil the next ones.
    const std::uint64_t next = bounded(std::clamp(wanted, period_ / 16 + 1, period_ * 16));
    const std::uint64_t quarter = period_ / 4;
    if (next + quarter > period_ && next < period_ + quarter) return std::nullopt;
    if (next == period_) return std::nullopt;
    return next;
  }
  void set(std::uint64_t period) noexcept { period_ = period; }

 private:
  // Of a processor that is busy: right within a factor of ten for cycles and
  // instructions, and too few samples at first for what is rarer.
  static constexpr std::uint64_t kNominalRate = 1000000000;
  static constexpr std::uint64_t kLeastTime_ns = 1000000;
  static constexpr std::uint64_t kMostPeriod = (1ull << 46) - 1;

  [[nodiscard]] std::uint64_t bounded(std::uint64_t period) const noexcept {
    return std::clamp(period, std::min(least_, kMostPeriod), kMostPeriod);
  }

  std::uint64_t frequency_ = 0;
  std::uint64_t least_ = 1;
  std::uint64_t period_ = 0;
  std::uint64_t last_count_ = 0;
  std::uint64_t last_ns_ = 0;
};

}  // namespace perfctr
