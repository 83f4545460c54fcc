// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json_report.hpp"

#include "file_error.hpp"
#include "printable.hpp"

#include <cinttypes>

namespace perfctr::report {
namespace {

std::string quoted(std::string_view text) { return '"' + json_escaped(text) + '"'; }

std::string sentences(const std::vector<std::string>& list) {
  std::string text = "[";
  for (const std::string& one : list) text += (text.size() > 1 ? ", " : "") + quoted(one);
  return text + ']';
}

std::string row_of(const Profile& profile, const Histogram& histogram, const Row& row,
                   const TableOptions& options) {
  std::string text = print("{\"percent\": %.4f, \"samples\": %" PRIu64 ", \"period\": %" PRIu64,
                           histogram.percent(row.self), row.self.samples, row.self.period);
  if (options.children) {
    text += print(", \"children-percent\": %.4f, \"children-samples\": %" PRIu64
                  ", \"children-period\": %" PRIu64,
                  histogram.percent(row.total), row.total.samples, row.total.period);
  }
  const Frame& frame = profile.frames[row.frame];
  for (const SortKey key : options.keys) {
    if (key == SortKey::kComm) text += ", \"command\": " + quoted(profile.strings[row.comm]);
    if (key == SortKey::kDso) text += ", \"dso\": " + quoted(profile.strings[frame.dso]);
    if (key == SortKey::kSymbol) {
      text += ", \"symbol\": " + quoted(profile.symbol_of(frame));
      text += std::string(", \"mode\": \"") + mode_letter(frame.mode) + '"';
    }
  }
  return text + '}';
}

}  // namespace

std::string json_report(const Profile& profile, const std::vector<const EventProfile*>& events,
                        const TableOptions& options) {
  std::string text =
      "{\"hostname\": " + quoted(profile.hostname) + ", \"command\": " + quoted(profile.command);
  text += print(", \"lost\": %" PRIu64, profile.lost);
  text += ", \"damage\": " + sentences(profile.damage);
  text += ", \"notes\": " + sentences(profile.notes);
  text += ", \"events\": [";
  for (const EventProfile* event : events) {
    const Histogram histogram(profile, *event, options);
    text += event == events.front() ? "\n" : ",\n";
    text += " {\"event\": " + quoted(event->name);
    text += print(", \"samples\": %" PRIu64 ", \"period\": %" PRIu64 ", \"rows\": [",
                  event->total.samples, event->total.period);
    for (std::size_t i = 0; i < histogram.shown(); ++i) {
      text += i == 0 ? "\n  " : ",\n  ";
      text += row_of(profile, histogram, histogram.rows()[i], options);
    }
    text += "]}";
  }
  return text + "]}\n";
}

}  // namespace perfctr::report
