// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/perfctr.hpp>

#include <cstdint>

namespace perfctr::selftest {

// Each prints one JSON object on standard output and returns the exit status.
int measure_read_cost();
int count_in_threads(unsigned threads, unsigned rounds);
int only_read(std::uint64_t reads);

int fail(const Error& error);

}  // namespace perfctr::selftest
