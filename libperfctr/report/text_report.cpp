// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text_report.hpp"

#include "caller_lines.hpp"
#include "file_error.hpp"
#include "printable.hpp"

#include <algorithm>
#include <cinttypes>

namespace perfctr::report {
namespace {

const char* title(SortKey key) {
  switch (key) {
    case SortKey::kComm:
      return "Command";
    case SortKey::kDso:
      return "Shared Object";
    case SortKey::kSymbol:
      break;
  }
  return "Symbol";
}

// Columns as wide as what they hold.
class Table final {
 public:
  void add(std::vector<std::string> cells) {
    widths_.resize(std::max(widths_.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i)
      widths_[i] = std::max(widths_[i], cells[i].size());
    rows_.push_back(std::move(cells));
  }
  // `right` columns are numbers.
  [[nodiscard]] std::string line(std::size_t row, std::size_t right) const {
    std::string text;
    for (std::size_t i = 0; i < rows_[row].size(); ++i) {
      const std::string& cell = rows_[row][i];
      const std::string blanks(widths_[i] - cell.size(), ' ');
      if (i > 0) text += "  ";
      text += i < right ? blanks + cell : cell + blanks;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }
  [[nodiscard]] std::string dots() const {
    std::string text;
    for (const std::size_t width : widths_)
      text += (text.empty() ? "" : "  ") + std::string(width, '.');
    return text;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
};

std::string section(const Profile& profile, const EventProfile& event,
                    const TableOptions& options) {
  std::string text = print("# Samples: %" PRIu64 " of event '%s'\n", event.total.samples,
                           printable(event.name).c_str());
  text += print("# Event count (approx.): %" PRIu64 "\n#\n", event.total.period);
  const Histogram histogram(profile, event, options);
  Table table;
  std::vector<std::string> head;
  if (options.children) head.emplace_back("Children");
  head.emplace_back(options.children ? "Self" : "Overhead");
  head.emplace_back("Samples");
  const std::size_t numbers = head.size();
  for (const SortKey key : options.keys) head.emplace_back(title(key));
  table.add(std::move(head));
  for (std::size_t i = 0; i < histogram.shown(); ++i) {
    const Row& row = histogram.rows()[i];
    std::vector<std::string> cells;
    if (options.children) cells.push_back(print("%.2f%%", histogram.percent(row.total)));
    cells.push_back(print("%.2f%%", histogram.percent(row.self)));
    cells.push_back(std::to_string(row.self.samples));
    for (const SortKey key : options.keys) cells.push_back(printable(histogram.cell(row, key)));
    table.add(std::move(cells));
  }
  text += "# " + table.line(0, 0) + "\n# " + table.dots() + "\n#\n";
  for (std::size_t i = 0; i < histogram.shown(); ++i) {
    text += "  " + table.line(i + 1, numbers) + '\n';
    if (options.call_graph) {
      const Row& row = histogram.rows()[i];
      text += caller_lines(profile, histogram, histogram.callers(row), options);
    }
  }
  if (const std::size_t hidden = histogram.rows().size() - histogram.shown(); hidden > 0)
    text += print("# %zu rows below %g %% are not shown\n", hidden, options.percent_limit);
  return text;
}

}  // namespace

std::string text_report(const Profile& profile, const std::vector<const EventProfile*>& events,
                        const TableOptions& options) {
  std::string text;
  if (!profile.hostname.empty()) text += "# hostname: " + printable(profile.hostname) + '\n';
  if (!profile.command.empty()) text += "# cmdline: " + printable(profile.command) + '\n';
  text += print("# Total Lost Samples: %" PRIu64 "\n#\n", profile.lost);
  for (const EventProfile* event : events) {
    if (event != events.front()) text += "\n\n";
    text += section(profile, *event, options);
  }
  return text;
}

}  // namespace perfctr::report
