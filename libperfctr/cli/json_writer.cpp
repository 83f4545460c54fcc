// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json_writer.hpp"

namespace perfctr::cli {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += format("\\u%04x", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string JsonWriter::report(const StatReport& report) {
  std::string text;
  for (const StatRow& row : report.rows) {
    text += '{';
    if (report.interval_s) text += format("\"interval\" : %.9f, ", *report.interval_s);
    if (!row.thread.empty()) text += "\"thread\" : \"" + escaped(row.thread) + "\", ";
    text += "\"counter-value\" : \"" +
            (row.value ? format("%f", *row.value) : std::string("<not counted>")) + "\", ";
    text += "\"unit\" : \"\", \"event\" : \"" + escaped(row.event) + "\", ";
    if (repeated_) text += format("\"variance\" : %.2f, ", row.deviation_percent);
    text += format("\"event-runtime\" : %llu, \"pcnt-running\" : %.2f, ",
                   static_cast<unsigned long long>(row.runtime_ns), row.running_percent);
    const auto metric = metric_of(row, report.rows);
    text += format("\"metric-value\" : %f, \"metric-unit\" : \"%s\"", metric ? metric->value : 0.0,
                   metric ? metric->unit : "");
    if (report.times) {
      text += format(
          ", \"time-enabled-ns\" : %llu, \"time-running-ns\" : %llu, \"vcpu-steal-ns\" : %llu",
          static_cast<unsigned long long>(report.times->enabled_ns),
          static_cast<unsigned long long>(report.times->running_ns),
          static_cast<unsigned long long>(report.times->stolen_ns));
    }
    text += "}\n";
  }
  return text;
}

}  // namespace perfctr::cli
