// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "stat_report.hpp"

namespace perfctr::cli {

// perf's CSV: value, unit, event, deviation with -r, runtime, percentage running,
// metric and its unit; the time first with -I, then the thread with --per-thread.
// A report ends with a line each for the times enabled, running and stolen by the
// hypervisor, as events of unit ns.
class CsvWriter final : public StatWriter {
 public:
  explicit CsvWriter(std::string separator, bool repeated)
      : separator_(std::move(separator)), repeated_(repeated) {}

  std::string report(const StatReport& report) override;

 private:
  std::string separator_;
  bool repeated_;
};

}  // namespace perfctr::cli
