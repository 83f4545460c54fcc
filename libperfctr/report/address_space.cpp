// SPDX-License-Identifier: LGPL-2.1-or-later
#include "address_space.hpp"

#include <random>
#include <utility>

namespace perfctr::report {

struct AddressSpace::Node {
  Mapping mapping;
  std::uint32_t priority = 0;  // not below those of the subtrees
  Tree below, above;
};

namespace {

using Node = AddressSpace::Node;
using Tree = AddressSpace::Tree;

std::uint32_t random_priority() {
  static std::minstd_rand generator(std::random_device{}());
  return static_cast<std::uint32_t>(generator());
}

Tree with(const Node& node, Tree below, Tree above) {
  return std::make_shared<const Node>(
      Node{node.mapping, node.priority, std::move(below), std::move(above)});
}

// Mappings that start below `key`, and the others.
std::pair<Tree, Tree> split(const Tree& tree, std::uint64_t key) {
  if (tree == nullptr) return {};
  if (tree->mapping.start < key) {
    auto [below, above] = split(tree->above, key);
    return {with(*tree, tree->below, std::move(below)), std::move(above)};
  }
  auto [below, above] = split(tree->below, key);
  return {std::move(below), with(*tree, std::move(above), tree->above)};
}

// Precondition: all of `below` is below all of `above`.
Tree joined(const Tree& below, const Tree& above) {
  if (below == nullptr) return above;
  if (above == nullptr) return below;
  if (below->priority >= above->priority)
    return with(*below, below->below, joined(below->above, above));
  return with(*above, joined(below, above->below), above->above);
}

Tree single(const Mapping& mapping) {
  return std::make_shared<const Node>(Node{mapping, random_priority(), nullptr, nullptr});
}

std::optional<Mapping> last(const Tree& tree) {
  if (tree == nullptr) return std::nullopt;
  const Node* node = tree.get();
  while (node->above != nullptr) node = node->above.get();
  return node->mapping;
}

Mapping behind(const Mapping& mapping, std::uint64_t start) {
  return {start, mapping.end, mapping.in_file(start), mapping.dso};
}

}  // namespace

void AddressSpace::map(const Mapping& mapping) {
  auto [below, rest] = split(root_, mapping.start);
  auto [covered, above] = split(rest, mapping.end);
  // Mappings do not overlap, so only the last of each part can reach too far.
  Tree tail;
  if (const auto reaching = last(covered); reaching && reaching->end > mapping.end)
    tail = single(behind(*reaching, mapping.end));
  if (auto reaching = last(below); reaching && reaching->end > mapping.start) {
    if (reaching->end > mapping.end) tail = single(behind(*reaching, mapping.end));
    reaching->end = mapping.start;
    below = joined(split(below, reaching->start).first, single(*reaching));
  }
  root_ = joined(joined(below, single(mapping)), joined(tail, above));
}

std::optional<Mapping> AddressSpace::find(std::uint64_t address) const {
  const Node* node = root_.get();
  while (node != nullptr) {
    if (node->mapping.holds(address)) return node->mapping;
    node = address < node->mapping.start ? node->below.get() : node->above.get();
  }
  return std::nullopt;
}

}  // namespace perfctr::report
