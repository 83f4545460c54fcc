// SPDX-License-Identifier: GPL-2.0-only
#include "policy.hpp"

#include "error.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <limits>

namespace {

constexpr const char* kTiers[] = {"off", "ipc", "arch", "full"};

uint32_t tier_number(const std::string& name)
{
    for (uint32_t i = 0; i < std::size(kTiers); i++)
        if (name == kTiers[i])
            return i;

    throw UsageError("unknown tier '" + name + "': off, ipc, arch or full");
}

template <typename T>
T number(const std::string& key, const std::string& value)
{
    T result{};
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, result);

    if (error == std::errc::result_out_of_range)
        throw UsageError(key + ": " + value + " is too large");
    if (error != std::errc() || stop != end)
        throw UsageError(key + ": '" + value + "' is not a number");

    return result;
}

bool yes_or_no(const std::string& key, const std::string& value)
{
    if (value == "yes" || value == "on" || value == "true" || value == "1")
        return true;
    if (value == "no" || value == "off" || value == "false" || value == "0")
        return false;

    throw UsageError(key + ": '" + value + "' is neither yes nor no");
}

void set_flag(uint32_t& flags, uint32_t flag, const std::optional<bool>& on)
{
    if (on)
        flags = *on ? flags | flag : flags & ~flag;
}

const char* yes(bool on)
{
    return on ? "yes" : "no";
}

} // namespace

bool PolicyChange::empty() const
{
    return !tier && !events && !max_counters && !min_period && !pmi_rate &&
           !kernel && !hypervisor;
}

void PolicyChange::apply(xen_perfctr_policy& policy) const
{
    policy.tier = tier.value_or(policy.tier);
    policy.max_counters = max_counters.value_or(policy.max_counters);
    policy.min_period = min_period.value_or(policy.min_period);
    policy.pmi_rate = pmi_rate.value_or(policy.pmi_rate);
    set_flag(policy.flags, XEN_PERFCTR_POLICY_KERNEL, kernel);
    set_flag(policy.flags, XEN_PERFCTR_POLICY_HYP, hypervisor);
    if (events) {
        std::fill(std::begin(policy.event), std::end(policy.event), 0);
        std::copy(events->begin(), events->end(), policy.event);
        policy.nr_events = static_cast<uint32_t>(events->size());
    }
}

bool PolicyChange::set(const std::string& key, const std::string& value,
                       Vendor vendor)
{
    if (key == "tier")
        tier = tier_number(value);
    else if (key == "allow")
        events = value == "all" ? std::vector<uint64_t>{}
                                : parse_events(value, vendor);
    else if (key == "counters")
        max_counters = value == "all" ? 0 : number<uint32_t>(key, value);
    else if (key == "min-period")
        min_period = number<uint64_t>(key, value);
    else if (key == "pmi-rate")
        pmi_rate = number<uint64_t>(key, value);
    else if (key == "kernel")
        kernel = yes_or_no(key, value);
    else if (key == "hypervisor")
        hypervisor = yes_or_no(key, value);
    else
        return false;

    return true;
}

const char* tier_name(uint32_t tier)
{
    return tier < std::size(kTiers) ? kTiers[tier] : "?";
}

std::string flag_names(uint32_t flags)
{
    std::string names;

    if (flags & XEN_PERFCTR_POLICY_KERNEL)
        names += "kernel";
    if (flags & XEN_PERFCTR_POLICY_HYP)
        names += names.empty() ? "hypervisor" : ",hypervisor";

    return names.empty() ? "-" : names;
}

std::string allowed_events(const xen_perfctr_policy& policy, Vendor vendor)
{
    std::string names;

    for (uint32_t i = 0; i < std::min<uint32_t>(policy.nr_events,
                                                XEN_PERFCTR_MAX_EVENTS); i++)
        names += (i ? "," : "") + event_name(policy.event[i], vendor);

    return names.empty() ? "all" : names;
}

std::string describe(const xen_perfctr_policy& policy, Vendor vendor)
{
    std::string text = std::string("tier ") + tier_name(policy.tier) +
                       ", allowed: " + flag_names(policy.flags);

    if (policy.nr_events)
        text += ", only the events " + allowed_events(policy, vendor);
    if (policy.max_counters)
        text += ", at most " + std::to_string(policy.max_counters) +
                " counters";
    if (policy.min_period > 1)
        text += ", periods from " + std::to_string(policy.min_period);
    if (policy.pmi_rate)
        text += ", at most " + std::to_string(policy.pmi_rate) +
                " samples a second";

    return text;
}

std::string describe_json(const xen_perfctr_policy& policy, Vendor vendor)
{
    const auto boolean = [&](uint32_t flag) {
        return policy.flags & flag ? "true" : "false";
    };
    std::string list;

    for (uint32_t i = 0; i < std::min<uint32_t>(policy.nr_events,
                                                XEN_PERFCTR_MAX_EVENTS); i++)
        list += (i ? ", " : "") +
                json_string(event_name(policy.event[i], vendor));

    return std::string("\"tier\": \"") + tier_name(policy.tier) +
           "\", \"kernel\": " + boolean(XEN_PERFCTR_POLICY_KERNEL) +
           ", \"hypervisor\": " + boolean(XEN_PERFCTR_POLICY_HYP) +
           ", \"allow\": " + (list.empty() ? "null" : "[" + list + "]") +
           ", \"max_counters\": " + std::to_string(policy.max_counters) +
           ", \"min_period\": " + std::to_string(policy.min_period) +
           ", \"pmi_rate\": " + std::to_string(policy.pmi_rate);
}

std::string policy_file(const xen_perfctr_policy& policy, Vendor vendor)
{
    return std::string("tier = ") + tier_name(policy.tier) +
           "\nallow = " + allowed_events(policy, vendor) + "\ncounters = " +
           (policy.max_counters ? std::to_string(policy.max_counters) : "all") +
           "\nmin-period = " + std::to_string(policy.min_period) +
           "\npmi-rate = " + std::to_string(policy.pmi_rate) +
           "\nkernel = " + yes(policy.flags & XEN_PERFCTR_POLICY_KERNEL) +
           "\nhypervisor = " + yes(policy.flags & XEN_PERFCTR_POLICY_HYP) +
           "\n";
}

std::string json_string(const std::string& text)
{
    std::string quoted = "\"";

    for (const char c : text) {
        char escape[8];

        if (c == '"' || c == '\\')
            quoted += '\\';
        if (static_cast<unsigned char>(c) < 0x20) {
            std::snprintf(escape, sizeof(escape), "\\u%04x", c);
            quoted += escape;
        } else {
            quoted += c;
        }
    }

    return quoted + '"';
}

std::string explain_refusal(const xen_perfctr_policy& policy, Vendor vendor)
{
    const std::string event = policy.bad_event < XEN_PERFCTR_MAX_EVENTS
        ? "--allow " + event_name(policy.event[policy.bad_event], vendor)
        : "--allow";

    switch (policy.bad_field) {
    case XEN_PERFCTR_POLICY_BAD_TIER:
        return "--tier is not one that this Xen knows";
    case XEN_PERFCTR_POLICY_BAD_FLAGS:
        return "a permission is not one that this Xen knows";
    case XEN_PERFCTR_POLICY_BAD_COUNTERS:
        return "--counters is at most " +
               std::to_string(XEN_PERFCTR_MAX_COUNTERS);
    case XEN_PERFCTR_POLICY_BAD_PERIOD:
        return "--min-period is below 2^46";
    case XEN_PERFCTR_POLICY_BAD_RATE:
        return "--pmi-rate is at most 1000000000";
    case XEN_PERFCTR_POLICY_BAD_NR:
        return "--allow takes at most " +
               std::to_string(XEN_PERFCTR_MAX_EVENTS) + " events";
    case XEN_PERFCTR_POLICY_BAD_EVENT:
        return event + " sets bits of the code that are Xen's";
    case XEN_PERFCTR_POLICY_BAD_UNKNOWN:
        return event + " is not in Xen's table for this processor";
    case XEN_PERFCTR_POLICY_BAD_OUTSIDE:
        return event + " is outside tier " + tier_name(policy.tier) +
               ": leave it out, or give a higher --tier";
    default:
        return "this tool and Xen come from different versions (field " +
               std::to_string(policy.bad_field) + ")";
    }
}
