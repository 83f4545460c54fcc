// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace perfctr {

// Single-character edits (insert, delete, replace, swap neighbours) between two
// names, letter case ignored.
[[nodiscard]] unsigned edit_distance(std::string_view a, std::string_view b);

// The candidate that was probably meant, or "".
[[nodiscard]] std::string closest_name(std::string_view typed,
                                       const std::vector<std::string>& candidates);

}  // namespace perfctr
