// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace perfctr::report {

// Sums do not wrap, whatever periods a file has.
[[nodiscard]] constexpr std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) {
  return a + b < a ? ~std::uint64_t{0} : a + b;
}

struct Weight {
  std::uint64_t samples = 0;
  std::uint64_t period = 0;

  Weight& operator+=(const Weight& other) {
    samples = saturating_sum(samples, other.samples);
    period = saturating_sum(period, other.period);
    return *this;
  }
  [[nodiscard]] std::uint64_t by(bool count) const { return count ? samples : period; }
};

// Paths that begin alike share their nodes.  A node's parent has a lower number,
// so that a loop from the last to the first meets children before parents.
class CallTree final {
 public:
  static constexpr std::uint32_t kRoot = 0;
  struct Node {
    std::uint32_t parent = kRoot;
    std::uint32_t key = 0;
    Weight self;
  };

  CallTree() { nodes_.emplace_back(); }

  std::uint32_t child(std::uint32_t parent, std::uint32_t key) {
    const auto next = static_cast<std::uint32_t>(nodes_.size());
    const auto [place, added] = children_.try_emplace(std::uint64_t{parent} << 32 | key, next);
    if (added) nodes_.push_back({parent, key, {}});
    return place->second;
  }
  void add(std::uint32_t node, const Weight& weight) { nodes_[node].self += weight; }

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const Node& operator[](std::uint32_t node) const { return nodes_[node]; }

  // By node: its own weight and that of all below.
  [[nodiscard]] std::vector<Weight> totals() const {
    std::vector<Weight> sums(nodes_.size());
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      sums[i] += nodes_[i].self;
      if (i > 0) sums[nodes_[i].parent] += sums[i];
    }
    return sums;
  }

 private:
  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, std::uint32_t> children_;
};

}  // namespace perfctr::report
