// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>

// Calls back now and whenever a domain has been created, until SIGTERM or
// SIGINT.
void watch_domains(const std::function<void()>& changed);
