// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "profile.hpp"

namespace perfctr::report {

// "command;main;work 17" per line, sorted: what flame graph tools read.
[[nodiscard]] std::string folded_stacks(const Profile& profile, const EventProfile& event,
                                        bool by_samples);

}  // namespace perfctr::report
