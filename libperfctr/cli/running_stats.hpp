// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cmath>

namespace perfctr::cli {

// Mean and deviation of repeated runs (Welford's method).
class RunningStats final {
 public:
  void add(double value) noexcept {
    ++count_;
    const double delta = value - mean_;
    mean_ += delta / count_;
    squares_ += delta * (value - mean_);
  }
  [[nodiscard]] double mean() const noexcept { return mean_; }
  // Standard deviation of the mean, as perf prints it.
  [[nodiscard]] double deviation() const noexcept {
    return count_ < 2 ? 0.0 : std::sqrt(squares_ / (count_ - 1) / count_);
  }
  // The same in per cent of the mean.
  [[nodiscard]] double relative_deviation() const noexcept {
    return mean_ == 0.0 ? 0.0 : 100.0 * deviation() / mean_;
  }

 private:
  double count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

}  // namespace perfctr::cli
