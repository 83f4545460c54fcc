// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stat_report.hpp"

#include "csv_writer.hpp"
#include "json_writer.hpp"
#include "text_writer.hpp"

#include <cstdarg>
#include <cstdio>

namespace perfctr::cli {
namespace {

std::string_view base_name(std::string_view event) { return event.substr(0, event.find(':')); }
std::string_view modifiers(std::string_view event) {
  const auto colon = event.find(':');
  return colon == std::string_view::npos ? std::string_view() : event.substr(colon);
}

// Another event of the same thread, counted in the same modes.
const StatRow* find_peer(const StatRow& row, const std::vector<StatRow>& rows,
                         std::initializer_list<std::string_view> names) {
  for (const StatRow& other : rows) {
    if (other.thread != row.thread || modifiers(other.event) != modifiers(row.event)) continue;
    for (const std::string_view name : names) {
      if (base_name(other.event) == name && other.value && *other.value > 0) return &other;
    }
  }
  return nullptr;
}

}  // namespace

std::string format(const char* pattern, ...) {
  va_list args;
  va_start(args, pattern);
  char text[512];
  const int length = std::vsnprintf(text, sizeof(text), pattern, args);
  va_end(args);
  if (length < 0) return {};
  if (static_cast<std::size_t>(length) < sizeof(text)) return text;
  std::string longer(static_cast<std::size_t>(length), '\0');
  va_start(args, pattern);
  std::vsnprintf(longer.data(), longer.size() + 1, pattern, args);
  va_end(args);
  return longer;
}

std::optional<Metric> metric_of(const StatRow& row, const std::vector<StatRow>& rows) {
  if (!row.value) return std::nullopt;
  const std::string_view name = base_name(row.event);
  const auto ratio = [&](std::initializer_list<std::string_view> names, const char* unit,
                         bool percent) -> std::optional<Metric> {
    const StatRow* peer = find_peer(row, rows, names);
    if (peer == nullptr) return std::nullopt;
    return Metric{*row.value / *peer->value * (percent ? 100.0 : 1.0), unit, percent};
  };
  if (name == "instructions") return ratio({"cycles", "cpu-cycles"}, "insn per cycle", false);
  if (name == "branch-misses") {
    return ratio({"branches", "branch-instructions"}, "of all branches", true);
  }
  if (name == "cache-misses") return ratio({"cache-references"}, "of all cache refs", true);
  return std::nullopt;
}

std::unique_ptr<StatWriter> StatWriter::create(const StatOptions& options) {
  switch (options.format) {
    case StatFormat::kCsv:
      return std::make_unique<CsvWriter>(options.separator, options.repeat > 1);
    case StatFormat::kJson:
      return std::make_unique<JsonWriter>(options.repeat > 1);
    case StatFormat::kText:
      break;
  }
  return std::make_unique<TextWriter>(options.big_numbers, options.per_thread);
}

}  // namespace perfctr::cli
