// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "policy.hpp"

#include <string>

std::string stats_text(const xen_perfctr_vcpu_stats& stats);
std::string stats_json(const xen_perfctr_vcpu_stats& stats);
