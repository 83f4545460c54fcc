// SPDX-License-Identifier: LGPL-2.1-or-later
#include "histogram.hpp"

#include <algorithm>
#include <unordered_map>

namespace perfctr::report {

constexpr std::uint32_t kNone = ~0u;

std::size_t Histogram::Hash::operator()(const Key& key) const {
  const std::uint64_t mixed = (std::uint64_t{key.comm} << 32 | key.dso) * 0x9e3779b97f4a7c15;
  return std::hash<std::uint64_t>()(mixed ^ key.frame);
}

Histogram::Histogram(const Profile& profile, const EventProfile& event, const TableOptions& options)
    : profile_(profile), event_(event), options_(options) {
  const auto& nodes = event.tree.nodes();
  comms_.resize(nodes.size());
  for (std::size_t i = 1; i < nodes.size(); ++i)
    comms_[i] = nodes[i].parent == CallTree::kRoot ? nodes[i].key : comms_[nodes[i].parent];
  count();
  sort();
}

bool Histogram::has(SortKey key) const {
  return std::find(options_.keys.begin(), options_.keys.end(), key) != options_.keys.end();
}

Histogram::Key Histogram::key_of(std::uint32_t comm, std::uint32_t frame) const {
  const bool symbol = has(SortKey::kSymbol);
  return {has(SortKey::kComm) ? comm : kNone,
          has(SortKey::kDso) || symbol ? profile_.frames[frame].dso : kNone,
          symbol ? frame : kNone};
}

void Histogram::count() {
  std::unordered_map<Key, std::size_t, Hash> places;
  const auto row_of = [&](std::uint32_t comm, std::uint32_t frame) {
    const auto [place, added] = places.try_emplace(key_of(comm, frame), rows_.size());
    if (added) rows_.push_back({comm, frame, {}, {}});
    return place->second;
  };
  const auto& nodes = event_.tree.nodes();
  // The last node that added to a row: a recursion meets a row more than once.
  std::vector<std::size_t> last_node;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (nodes[i].self.samples == 0) continue;
    const std::size_t own = row_of(comms_[i], nodes[i].key);
    rows_[own].self += nodes[i].self;
    if (!options_.children) {
      rows_[own].total += nodes[i].self;
      continue;
    }
    for (std::size_t up = i; nodes[up].parent != CallTree::kRoot; up = nodes[up].parent) {
      const std::size_t row = row_of(comms_[i], nodes[up].key);
      last_node.resize(rows_.size());
      if (last_node[row] == i) continue;
      last_node[row] = i;
      rows_[row].total += nodes[i].self;
    }
  }
}

void Histogram::sort() {
  // Equal weights are in the order of their names, so that the output of equal
  // profiles is equal.
  struct Sortable {
    Row row;
    std::uint64_t total, self;
    std::vector<std::string> names;
  };
  std::vector<Sortable> all;
  for (const Row& row : rows_) {
    Sortable one{row, row.total.by(options_.by_samples), row.self.by(options_.by_samples), {}};
    for (const SortKey key : options_.keys) one.names.push_back(cell(row, key));
    all.push_back(std::move(one));
  }
  std::sort(all.begin(), all.end(), [](const Sortable& a, const Sortable& b) {
    if (a.total != b.total) return a.total > b.total;
    if (a.self != b.self) return a.self > b.self;
    if (a.names != b.names) return a.names < b.names;
    return a.row.frame < b.row.frame;
  });
  for (std::size_t i = 0; i < all.size(); ++i) rows_[i] = all[i].row;
  while (shown_ < rows_.size() && percent(rows_[shown_].total) >= options_.percent_limit) ++shown_;
}

double Histogram::percent(const Weight& weight) const {
  const std::uint64_t whole = event_.total.by(options_.by_samples);
  if (whole == 0) return 0;
  return 100.0 * static_cast<double>(weight.by(options_.by_samples)) / static_cast<double>(whole);
}

std::string Histogram::cell(const Row& row, SortKey key) const {
  const Frame& frame = profile_.frames[row.frame];
  switch (key) {
    case SortKey::kComm:
      return profile_.strings[row.comm];
    case SortKey::kDso:
      return profile_.short_dso(frame.dso);
    case SortKey::kSymbol:
      break;
  }
  return std::string("[") + mode_letter(frame.mode) + "] " + profile_.symbol_of(frame);
}

CallTree Histogram::callers(const Row& row) const {
  CallTree tree;
  const Key wanted = key_of(row.comm, row.frame);
  const auto& nodes = event_.tree.nodes();
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (nodes[i].self.samples == 0) continue;
    std::size_t at = i;
    // Without children only the innermost frame counts; with them, the innermost
    // of this row.
    while (nodes[at].parent != CallTree::kRoot && key_of(comms_[i], nodes[at].key) != wanted)
      at = options_.children ? nodes[at].parent : CallTree::kRoot;
    if (nodes[at].parent == CallTree::kRoot) continue;
    std::uint32_t caller = CallTree::kRoot;
    for (at = nodes[at].parent; nodes[at].parent != CallTree::kRoot; at = nodes[at].parent)
      caller = tree.child(caller, nodes[at].key);
    tree.add(caller, nodes[i].self);
  }
  return tree;
}

}  // namespace perfctr::report
