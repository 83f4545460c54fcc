// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "histogram.hpp"
#include "symbolizer.hpp"

#include <perfctr/result.hpp>

#include <span>
#include <string>

namespace perfctr::cli {

enum class ReportFormat { kText, kJson, kFolded, kSvg, kPprof };

// The command line of `perfctr report`.  Letters and meanings are those of perf.
struct ReportOptions {
  std::string input = "perf.data";  // -i
  std::string event;                // -e; "" for all, or the first with samples
  std::string output;               // -o, --svg, --pprof; "" or "-" for standard output
  ReportFormat format = ReportFormat::kText;
  report::TableOptions table;
  report::SymbolOptions symbols;
  bool help = false;
};

// args[0] is the verb.  Errors are about the command line.
[[nodiscard]] Result<ReportOptions> parse_report_options(std::span<char* const> args);

}  // namespace perfctr::cli
