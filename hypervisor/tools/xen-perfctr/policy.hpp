// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "events.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// <xen/perfctr.h> needs these types.
#include <xen/perfctr.h>

// What Xen's command line says about periods when it says nothing.
constexpr uint64_t kDefaultMinPeriod = 100;

// The parts of a policy that somebody has named; the others stay.
struct PolicyChange {
    std::optional<uint32_t> tier;
    std::optional<std::vector<uint64_t>> events;    // empty: no list
    std::optional<uint32_t> max_counters;
    std::optional<uint64_t> min_period;
    std::optional<uint64_t> pmi_rate;
    std::optional<bool> kernel;
    std::optional<bool> hypervisor;

    bool empty() const;
    void apply(xen_perfctr_policy& policy) const;
    // One of the keys of a policy file, which are the long options' names.
    // False: there is no such key. Throws UsageError for a bad value.
    bool set(const std::string& key, const std::string& value, Vendor vendor);
};

const char* tier_name(uint32_t tier);
std::string flag_names(uint32_t flags);
std::string allowed_events(const xen_perfctr_policy& policy, Vendor vendor);

// "tier arch, allowed: kernel, at most 4 counters, ..."
std::string describe(const xen_perfctr_policy& policy, Vendor vendor);
// "tier": "arch", "kernel": true, ...: the members without braces.
std::string describe_json(const xen_perfctr_policy& policy, Vendor vendor);
// A policy file, complete.
std::string policy_file(const xen_perfctr_policy& policy, Vendor vendor);

// Reads such a file; `where` is for messages. Throws UsageError.
PolicyChange parse_policy_file(const std::string& text,
                               const std::string& where, Vendor vendor);

std::string json_string(const std::string& text);

// Which field Xen refused, and the rule that it broke.
std::string explain_refusal(const xen_perfctr_policy& policy, Vendor vendor);
