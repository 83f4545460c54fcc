// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "histogram.hpp"

namespace perfctr::report {

// As `perf report --stdio` writes it; all events that have samples.
[[nodiscard]] std::string text_report(const Profile& profile,
                                      const std::vector<const EventProfile*>& events,
                                      const TableOptions& options);

}  // namespace perfctr::report
