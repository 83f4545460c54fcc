// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "histogram.hpp"

namespace perfctr::report {

// A tree of callers as indented lines below a row, heaviest first:
//
//             |
//             |--40.00%--parse
//             |          main
//             |
//              --17.14%--print
//                        main
[[nodiscard]] std::string caller_lines(const Profile& profile, const Histogram& histogram,
                                       const CallTree& callers, const TableOptions& options);

}  // namespace perfctr::report
