// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "profile.hpp"

namespace perfctr::report {

// pprof's profile.proto, not compressed, which pprof reads as well.
[[nodiscard]] std::string pprof_profile(const Profile& profile, const EventProfile& event);

}  // namespace perfctr::report
