// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace perfctr::cli {

// One thing that was proven, or not.
struct CheckItem {
  bool ok;
  std::string text;
};

// Counts loops whose numbers of instructions and branches are known, and
// compares.  An error is one of the surroundings: there was nothing to check.
[[nodiscard]] Result<std::vector<CheckItem>> check_counting();

}  // namespace perfctr::cli
