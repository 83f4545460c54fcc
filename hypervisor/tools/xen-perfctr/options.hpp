// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "policy.hpp"

#include <string>
#include <vector>

// A command line that has been understood.
struct Options {
    std::string command;
    std::string domain;             // empty: none given
    uint32_t vcpu = 0;
    PolicyChange change;
    bool save = false;
    bool json = false;
    bool help = false;
    std::string directory;
};

extern const char* const kUsage;

// Throws UsageError.
Options parse_options(const std::vector<std::string>& words, Vendor vendor);
