// SPDX-License-Identifier: LGPL-2.1-or-later
#include "csv_writer.hpp"

namespace perfctr::cli {

std::string CsvWriter::report(const StatReport& report) {
  const char* const sep = separator_.c_str();
  std::string text;
  const auto begin_line = [&](const std::string& thread) {
    if (report.interval_s) text += format("%16.9f%s", *report.interval_s, sep);
    if (!thread.empty()) text += thread + separator_;
  };
  for (const StatRow& row : report.rows) {
    begin_line(row.thread);
    text += row.value ? format("%.0f", *row.value) : std::string("<not counted>");
    text += separator_ + separator_ + row.event;
    if (repeated_) text += format("%s%.2f%%", sep, row.deviation_percent);
    text += format("%s%llu%s%.2f", sep, static_cast<unsigned long long>(row.runtime_ns), sep,
                   row.running_percent);
    if (const auto metric = metric_of(row, report.rows)) {
      text += format("%s%.2f%s%s", sep, metric->value, sep, metric->unit);
    } else {
      text += separator_ + separator_;
    }
    text += '\n';
  }
  if (report.times) {
    const struct {
      const char* name;
      std::uint64_t ns;
    } times[] = {{"time-enabled", report.times->enabled_ns},
                 {"time-running", report.times->running_ns},
                 {"time-stolen", report.times->stolen_ns}};
    for (const auto& time : times) {
      begin_line({});
      text += format("%llu%sns%s%s", static_cast<unsigned long long>(time.ns), sep, sep, time.name);
      if (repeated_) text += format("%s%.2f%%", sep, 0.0);
      text += format("%s%llu%s100.00%s%s\n", sep,
                     static_cast<unsigned long long>(report.times->running_ns), sep, sep, sep);
    }
  }
  return text;
}

}  // namespace perfctr::cli
