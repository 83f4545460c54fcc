// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <stdexcept>

// Misuse of the command line, or of a policy file: exit status 2.
class UsageError final : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
