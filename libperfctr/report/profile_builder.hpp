// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "profile.hpp"
#include "symbolizer.hpp"

namespace perfctr::report {

// Reads all of a perf.data image.  Fails when nothing can be made out; what is
// merely missing stands in Profile::damage.
[[nodiscard]] Result<Profile> build_profile(Bytes file, const SymbolOptions& options);

}  // namespace perfctr::report
