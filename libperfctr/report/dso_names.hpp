// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace perfctr::report {

// Names of code that is in no file, as perf writes them.
inline constexpr const char* kKernelDso = "[kernel.kallsyms]";
inline constexpr const char* kGuestKernelDso = "[guest.kernel.kallsyms]";
inline constexpr const char* kHypervisorDso = "[hypervisor]";
inline constexpr const char* kUnknownDso = "[unknown]";

}  // namespace perfctr::report
