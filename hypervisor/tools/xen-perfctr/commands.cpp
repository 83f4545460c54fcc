// SPDX-License-Identifier: GPL-2.0-only
#include "commands.hpp"

#include "error.hpp"
#include "output.hpp"
#include "watch.hpp"

#include <cstdio>
#include <set>
#include <utility>

namespace {

// Nothing but what the rules say, and Xen's own least period.
xen_perfctr_policy blank()
{
    xen_perfctr_policy policy{};

    policy.min_period = kDefaultMinPeriod;

    return policy;
}

// Each name once, as a diagnostic and at the beginning of what is said of it.
std::string title(const Domain& dom)
{
    return "domain " + std::to_string(dom.id) +
           (dom.name.empty() ? "" : " (" + dom.name + ")");
}

std::string identity_json(const Domain& dom)
{
    return "\"domid\": " + std::to_string(dom.id) +
           ", \"name\": " + json_string(dom.name) + ", \"uuid\": \"" +
           to_string(dom.uuid) + "\"";
}

} // namespace

Commands::Commands(const Options& options, Vendor vendor)
    : options_(options), vendor_(vendor), store_(options.directory)
{
}

void Commands::set(const Domain& dom, const xen_perfctr_policy& policy)
{
    xen_perfctr_policy asked = policy;

    try {
        hypercall_.set_policy(dom.id, asked);
    } catch (const HypercallError&) {
        if (!asked.bad_field)
            throw;
        throw std::runtime_error("Xen refuses this policy of " + title(dom) +
                                 ": " + explain_refusal(asked, vendor_));
    }
}

// The policy that holds now is the one that is stored.
void Commands::keep(const Domain& dom)
{
    if (options_.save)
        store_.save(dom.uuid, dom.name, hypercall_.policy(dom.id), vendor_);
}

int Commands::policy()
{
    const Domain dom = domain();
    xen_perfctr_policy policy = hypercall_.policy(dom.id);

    if (options_.change.empty() && !options_.save)
        throw UsageError("policy: no rule given; 'xen-perfctr status " +
                         options_.domain + "' shows it");

    options_.change.apply(policy);
    set(dom, policy);
    keep(dom);

    return 0;
}

int Commands::enable()
{
    const Domain dom = domain();
    xen_perfctr_policy policy = blank();

    policy.tier = XEN_PERFCTR_TIER_FULL;
    options_.change.apply(policy);
    set(dom, policy);
    keep(dom);

    return 0;
}

int Commands::disable()
{
    const Domain dom = domain();

    set(dom, blank());
    keep(dom);

    return 0;
}

int Commands::reset()
{
    const Domain dom = domain();
    xen_perfctr_policy policy{};

    policy.flags = XEN_PERFCTR_POLICY_DEFAULT;
    set(dom, policy);
    if (options_.save)
        store_.remove(dom.uuid);

    return 0;
}

// False: nothing is stored for it.
bool Commands::apply_stored(const Domain& dom)
{
    const std::optional<PolicyChange> stored = store_.load(dom.uuid, vendor_);
    xen_perfctr_policy policy = blank();

    if (!stored)
        return false;

    stored->apply(policy);
    set(dom, policy);
    std::printf("%s: %s\n", title(dom).c_str(),
                describe(policy, vendor_).c_str());
    std::fflush(stdout);

    return true;
}

int Commands::apply()
{
    int status = 0;

    if (!options_.domain.empty()) {
        const Domain dom = domain();

        if (!apply_stored(dom))
            std::printf("%s: no stored policy (%s)\n", title(dom).c_str(),
                        store_.place(dom.uuid).c_str());
        return 0;
    }

    // What is wrong with one domain does not keep the others from theirs.
    for (const Domain& dom : domains_.all()) {
        try {
            apply_stored(dom);
        } catch (const std::exception& error) {
            std::fprintf(stderr, "xen-perfctr: %s: %s\n", title(dom).c_str(),
                         error.what());
            status = 1;
        }
    }

    return status;
}

int Commands::watch()
{
    // A domain is known by both: ids are used again, and so are UUIDs.
    std::set<std::pair<uint32_t, Uuid>> known;

    watch_domains([&] {
        std::set<std::pair<uint32_t, Uuid>> now;

        for (const Domain& dom : domains_.all()) {
            now.emplace(dom.id, dom.uuid);
            if (known.contains({dom.id, dom.uuid}))
                continue;
            try {
                apply_stored(dom);
            } catch (const std::exception& error) {
                std::fprintf(stderr, "xen-perfctr: %s: %s\n",
                             title(dom).c_str(), error.what());
            }
        }
        known = std::move(now);
    });

    return 0;
}

int Commands::list()
{
    const char* separator = "";

    if (options_.json)
        std::printf("[");
    else
        std::printf("%5s  %-4s  %-17s  %-36s  %s\n", "ID", "TIER", "ALLOWED",
                    "UUID", "NAME");

    for (const Domain& dom : domains_.all()) {
        std::string tier, allowed, json;

        try {
            const xen_perfctr_policy policy = hypercall_.policy(dom.id);

            tier = tier_name(policy.tier);
            allowed = flag_names(policy.flags);
            json = describe_json(policy, vendor_);
        } catch (const HypercallError& error) {
            if (!error.about_domain())
                throw;
            tier = allowed = "-";
            json = "\"error\": " + json_string(error.what());
        }
        if (options_.json)
            std::printf("%s\n {%s, %s}", separator, identity_json(dom).c_str(),
                        json.c_str());
        else
            std::printf("%5u  %-4s  %-17s  %s  %s\n", dom.id, tier.c_str(),
                        allowed.c_str(), to_string(dom.uuid).c_str(),
                        dom.name.c_str());
        separator = ",";
    }
    if (options_.json)
        std::printf("\n]\n");

    return 0;
}

int Commands::status()
{
    const Domain dom = domain();
    const xen_perfctr_policy policy = hypercall_.policy(dom.id);
    std::string text;

    for (uint32_t i = 0; i <= dom.max_vcpu_id; i++) {
        const xen_perfctr_vcpu_stats stats = hypercall_.stats(dom.id, i);

        text += options_.json ? (i ? ",\n  " : "\n  ") + stats_json(stats)
                              : stats_text(stats);
    }

    if (options_.json)
        std::printf("{%s, %s, \"vcpus\": [%s\n]}\n",
                    identity_json(dom).c_str(),
                    describe_json(policy, vendor_).c_str(), text.c_str());
    else
        std::printf("%s: %s\n%s", title(dom).c_str(),
                    describe(policy, vendor_).c_str(), text.c_str());

    return 0;
}

int Commands::stats()
{
    const Domain dom = domain();

    if (options_.vcpu > dom.max_vcpu_id)
        throw UsageError("no VCPU '" + std::to_string(options_.vcpu) +
                         "' in this domain");

    const xen_perfctr_vcpu_stats stats =
        hypercall_.stats(dom.id, options_.vcpu);
    const std::string text =
        options_.json ? stats_json(stats) + "\n" : stats_text(stats);
    std::fputs(text.c_str(), stdout);

    return 0;
}

int Commands::run()
{
    static constexpr struct {
        const char* name;
        int (Commands::*function)();
    } kFunctions[] = {
        {"list", &Commands::list},       {"status", &Commands::status},
        {"stats", &Commands::stats},     {"policy", &Commands::policy},
        {"enable", &Commands::enable},   {"disable", &Commands::disable},
        {"reset", &Commands::reset},     {"apply", &Commands::apply},
        {"watch", &Commands::watch},
    };

    for (const auto& row : kFunctions)
        if (options_.command == row.name)
            return (this->*row.function)();

    throw UsageError("unknown command '" + options_.command + "'");
}
