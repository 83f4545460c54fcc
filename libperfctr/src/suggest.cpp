// SPDX-License-Identifier: LGPL-2.1-or-later
#include "suggest.hpp"

#include <algorithm>
#include <cctype>

namespace perfctr {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

}  // namespace

unsigned edit_distance(std::string_view a, std::string_view b) {
  // Rows of the table of distances between prefixes: two back, previous, this.
  std::vector<unsigned> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (unsigned j = 0; j <= b.size(); ++j) previous[j] = j;
  for (unsigned i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (unsigned j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      current[j] =
          std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1])) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

std::string closest_name(std::string_view typed, const std::vector<std::string>& candidates) {
  std::string best;
  // Beyond a third of its letters a name is another name.
  unsigned best_distance = static_cast<unsigned>(typed.size()) / 3 + 1;
  for (const std::string& candidate : candidates) {
    const unsigned distance = edit_distance(typed, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace perfctr
