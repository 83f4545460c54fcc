// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "stat_report.hpp"

namespace perfctr::cli {

// perf's JSON, one object per line; our own keys, the times, after perf's.
class JsonWriter final : public StatWriter {
 public:
  explicit JsonWriter(bool repeated) : repeated_(repeated) {}

  std::string report(const StatReport& report) override;

 private:
  bool repeated_;
};

}  // namespace perfctr::cli
