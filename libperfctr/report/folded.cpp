// SPDX-License-Identifier: LGPL-2.1-or-later
#include "folded.hpp"

#include "printable.hpp"

#include <map>

namespace perfctr::report {
namespace {

// ';' separates frames.
std::string one_frame(const std::string& name) {
  std::string text = printable(name);
  for (char& c : text) {
    if (c == ';') c = ':';
  }
  return text;
}

}  // namespace

std::string folded_stacks(const Profile& profile, const EventProfile& event, bool by_samples) {
  const auto& nodes = event.tree.nodes();
  std::map<std::string, Weight> lines;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (nodes[i].self.by(by_samples) == 0) continue;
    std::vector<std::string> path;
    std::size_t at = i;
    for (; nodes[at].parent != CallTree::kRoot; at = nodes[at].parent)
      path.push_back(profile.picture_name(profile.frame(nodes[at])));
    std::string line = one_frame(profile.strings[nodes[at].key]);
    for (std::size_t k = path.size(); k-- > 0;) line += ';' + one_frame(path[k]);
    lines[std::move(line)] += nodes[i].self;
  }
  std::string text;
  for (const auto& [line, weight] : lines)
    text += line + ' ' + std::to_string(weight.by(by_samples)) + '\n';
  return text;
}

}  // namespace perfctr::report
