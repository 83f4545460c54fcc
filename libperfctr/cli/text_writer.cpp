// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text_writer.hpp"

#include <charconv>
#include <clocale>

namespace perfctr::cli {
namespace {

// The number without decimals, with the locale's separators when it has any.
std::string count_text(double value, bool big_numbers) {
  return big_numbers ? format("%'.0f", value) : format("%.0f", value);
}

std::string trimmed(std::string line) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line + '\n';
}

}  // namespace

std::string TextWriter::row(const StatRow& row, const StatReport& report) const {
  std::string line;
  if (report.interval_s) line += format("%16.9f ", *report.interval_s);
  if (!row.thread.empty()) {
    // "comm-tid", the hyphens below each other as perf has them.
    const auto hyphen = row.thread.rfind('-');
    line += format("%16s-%-8s ", row.thread.substr(0, hyphen).c_str(),
                   row.thread.substr(hyphen + 1).c_str());
  }
  line +=
      format("%18s", row.value ? count_text(*row.value, big_numbers_).c_str() : "<not counted>");
  line += format(" %4s %-32s", "", row.event.c_str());
  if (const auto metric = metric_of(row, report.rows)) {
    line += metric->percent ? format(" # %7.2f%% ", metric->value)
                            : format(" # %7.2f  ", metric->value);
    line += format("%-24s", metric->unit);
  } else {
    line += format("%-35s", "");
  }
  if (report.runs > 1) line += format("  ( +-%6.2f%% )", row.deviation_percent);
  if (row.running_percent < 100.0) line += format("  (%.2f%%)", row.running_percent);
  return trimmed(std::move(line));
}

std::string TextWriter::report(const StatReport& report) {
  std::string text;
  if (report.interval_s) {
    if (!header_written_) {
      text += per_thread_
                  ? "#           time             comm-pid                  counts unit events\n"
                  : "#           time             counts unit events\n";
      header_written_ = true;
    }
    for (const StatRow& each : report.rows) text += row(each, report);
    return text;
  }

  text += "\n Performance counter stats for " + report.title;
  if (report.runs > 1) text += format(" (%u runs)", report.runs);
  text += ":\n\n";
  for (const StatRow& each : report.rows) text += row(each, report);
  if (!report.rows.empty()) text += '\n';
  if (report.runs > 1) {
    text += format(" %17.7f +- %.7f seconds time elapsed  ( +-%6.2f%% )\n\n", report.elapsed_s,
                   report.elapsed_deviation_s, report.elapsed_deviation_percent);
  } else {
    text += format(" %17.9f seconds time elapsed\n\n", report.elapsed_s);
    if (report.user_s && report.sys_s) {
      text +=
          format(" %17.9f seconds user\n %17.9f seconds sys\n\n", *report.user_s, *report.sys_s);
    }
  }
  if (report.times) {
    const auto line = [&](std::uint64_t ns, const char* what) {
      text += format(" %17.9f seconds %s\n", static_cast<double>(ns) / 1e9, what);
    };
    line(report.times->enabled_ns, "counting enabled");
    line(report.times->running_ns, "running on a CPU");
    line(report.times->stolen_ns, "stolen by the hypervisor");
    text += '\n';
  }
  for (const std::string& note : report.notes) text += " Note: " + note + ".\n";
  if (!report.notes.empty()) text += '\n';
  return text;
}

}  // namespace perfctr::cli
