// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "histogram.hpp"

namespace perfctr::report {

// One JSON object with all that the text report has.
[[nodiscard]] std::string json_report(const Profile& profile,
                                      const std::vector<const EventProfile*>& events,
                                      const TableOptions& options);

}  // namespace perfctr::report
