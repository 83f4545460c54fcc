// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "stat_report.hpp"

namespace perfctr::cli {

// The table that perf prints, and the times below it.
class TextWriter final : public StatWriter {
 public:
  TextWriter(bool big_numbers, bool per_thread)
      : big_numbers_(big_numbers), per_thread_(per_thread) {}

  std::string report(const StatReport& report) override;

 private:
  std::string row(const StatRow& row, const StatReport& report) const;

  bool big_numbers_;
  bool per_thread_;
  bool header_written_ = false;
};

}  // namespace perfctr::cli
