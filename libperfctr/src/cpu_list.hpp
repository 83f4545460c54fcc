// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

namespace perfctr {

// The CPUs that are online now.
[[nodiscard]] std::vector<int> online_cpus();

}  // namespace perfctr
