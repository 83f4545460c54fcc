// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "profile.hpp"

namespace perfctr::report {

// An SVG picture: callers below, callees above, widths by weight.  Names show as
// tool tips; in a browser a click enlarges a frame and Ctrl-F searches.
[[nodiscard]] std::string flame_graph(const Profile& profile, const EventProfile& event,
                                      bool by_samples);

}  // namespace perfctr::report
