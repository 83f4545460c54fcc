// SPDX-License-Identifier: LGPL-2.1-or-later
#include "caller_lines.hpp"

#include "file_error.hpp"
#include "printable.hpp"

#include <algorithm>

namespace perfctr::report {
namespace {

constexpr const char* kMargin = "            ";
// Branches lighter than this are not shown, as in perf.
constexpr double kLeastPercent = 0.5;

class Writer final {
 public:
  Writer(const Profile& profile, const Histogram& histogram, const CallTree& tree,
         const TableOptions& options)
      : profile_(profile), histogram_(histogram), tree_(tree), totals_(tree.totals()) {
    children_.resize(totals_.size());
    for (std::uint32_t i = 1; i < totals_.size(); ++i) {
      if (histogram.percent(totals_[i]) >= std::max(kLeastPercent, options.percent_limit))
        children_[tree[i].parent].push_back(i);
    }
    for (auto& list : children_) {
      std::sort(list.begin(), list.end(), [&](std::uint32_t a, std::uint32_t b) {
        const auto x = totals_[a].by(options.by_samples);
        const auto y = totals_[b].by(options.by_samples);
        return x != y ? x > y : name(a) < name(b);
      });
    }
  }

  std::string write() {
    if (children_[CallTree::kRoot].empty()) return {};
    text_ = std::string(kMargin) + "|\n";
    below(CallTree::kRoot, kMargin);
    text_ += '\n';
    return std::move(text_);
  }

 private:
  [[nodiscard]] std::string name(std::uint32_t node) const {
    return printable(profile_.symbol_of(profile_.frames[tree_[node].key]));
  }

  // A node with one caller only, which all of it came through.
  [[nodiscard]] bool goes_on(std::uint32_t node) const {
    return children_[node].size() == 1 &&
           totals_[children_[node][0]].samples == totals_[node].samples;
  }

  void below(std::uint32_t node, const std::string& indent) {
    const auto& list = children_[node];
    for (std::size_t i = 0; i < list.size(); ++i) {
      const bool last = i + 1 == list.size();
      const std::string mark = node == CallTree::kRoot && goes_on(node)
                                   ? "---"
                                   : print("--%.2f%%--", histogram_.percent(totals_[list[i]]));
      std::string more = indent + (last ? ' ' : '|');
      text_ += more + mark + name(list[i]) + '\n';
      more += std::string(mark.size(), ' ');
      std::uint32_t at = list[i];
      for (; goes_on(at); at = children_[at][0]) text_ += more + name(children_[at][0]) + '\n';
      if (!children_[at].empty()) {
        text_ += more + "|\n";
        below(at, more);
      }
      if (!last) text_ += indent + "|\n";
    }
  }

  const Profile& profile_;
  const Histogram& histogram_;
  const CallTree& tree_;
  std::vector<Weight> totals_;
  std::vector<std::vector<std::uint32_t>> children_;
  std::string text_;
};

}  // namespace

std::string caller_lines(const Profile& profile, const Histogram& histogram,
                         const CallTree& callers, const TableOptions& options) {
  return Writer(profile, histogram, callers, options).write();
}

}  // namespace perfctr::report
