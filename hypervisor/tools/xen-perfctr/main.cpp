// SPDX-License-Identifier: GPL-2.0-only
//
// xen-perfctr: which domains may use performance counters, and for what.
//
// Works with the stock tool stack: the hypercall is made through libxencall,
// domains are found through libxenctrl.

#include "domains.hpp"
#include "hypercall.hpp"

#include <boost/program_options.hpp>

#include <cinttypes>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace po = boost::program_options;

namespace {

constexpr const char* kUsage =
    "Usage: xen-perfctr COMMAND [OPTION]...\n"
    "\n"
    "  enable DOMAIN [--tier ipc|arch|full] [--kernel] [--hypervisor]\n"
    "                [--max-counters N] [--min-period N] [--pmi-rate N]\n"
    "                                     allow counting (tier: full)\n"
    "  disable DOMAIN                     freeze the counters, refuse new ones\n"
    "  status DOMAIN [--json]             policy and counts of each VCPU\n"
    "  list                               policies of all domains\n"
    "  stats DOMAIN VCPU                  counts of one VCPU\n"
    "\n"
    "DOMAIN is an id or a name.  See xen-perfctr(8).\n";

constexpr const char* kTiers[] = {"off", "ipc", "arch", "full"};

// What Xen's command line says when it says nothing.
constexpr uint64_t kDefaultMinPeriod = 100;

const char* tier_name(uint32_t tier)
{
    return tier < std::size(kTiers) ? kTiers[tier] : "?";
}

// Misuse of the command line: said together with a hint, exit status 2.
struct UsageError {
    std::string text;
};

uint32_t tier_number(const std::string& name)
{
    for (uint32_t i = 0; i < std::size(kTiers); i++)
        if (name == kTiers[i])
            return i;

    throw UsageError{"unknown tier '" + name + "': ipc, arch or full"};
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

struct Row {
    const char* name;
    uint64_t xen_perfctr_vcpu_stats::*field;
};

constexpr Row kRows[] = {
    {"hypercalls_perfctr", &xen_perfctr_vcpu_stats::hypercalls_perfctr},
    {"hypercalls_other", &xen_perfctr_vcpu_stats::hypercalls_other},
    {"applies", &xen_perfctr_vcpu_stats::applies},
    {"apply_errors", &xen_perfctr_vcpu_stats::apply_errors},
    {"restores", &xen_perfctr_vcpu_stats::restores},
    {"resumes", &xen_perfctr_vcpu_stats::resumes},
    {"msr_writes", &xen_perfctr_vcpu_stats::msr_writes},
    {"pmis", &xen_perfctr_vcpu_stats::pmis},
    {"spurious", &xen_perfctr_vcpu_stats::spurious},
    {"samples", &xen_perfctr_vcpu_stats::samples},
    {"missed", &xen_perfctr_vcpu_stats::missed},
    {"throttled", &xen_perfctr_vcpu_stats::throttled},
};

void print_stats(const xen_perfctr_vcpu_stats& stats)
{
    std::printf("vcpu %u: %s%s\n", stats.vcpu,
                stats.flags & XEN_PERFCTR_STAT_REGISTERED ? "registered"
                                                          : "not registered",
                stats.flags & XEN_PERFCTR_STAT_APPLIED ? ", counting" : "");
    for (const Row& row : kRows)
        std::printf("  %-20s %" PRIu64 "\n", row.name, stats.*row.field);
}

void print_json(const Domain& dom, const xen_perfctr_policy& policy,
                const std::vector<xen_perfctr_vcpu_stats>& vcpus)
{
    std::printf("{\"domid\": %u, \"tier\": \"%s\", \"kernel\": %s, "
                "\"hypervisor\": %s, \"max_counters\": %u, "
                "\"min_period\": %" PRIu64 ", \"pmi_rate\": %" PRIu64
                ", \"vcpus\": [",
                dom.id, tier_name(policy.tier),
                policy.flags & XEN_PERFCTR_POLICY_KERNEL ? "true" : "false",
                policy.flags & XEN_PERFCTR_POLICY_HYP ? "true" : "false",
                policy.max_counters, policy.min_period, policy.pmi_rate);

    const char* separator = "";
    for (const xen_perfctr_vcpu_stats& stats : vcpus) {
        std::printf("%s\n  {\"vcpu\": %u, \"registered\": %s, \"counting\": %s",
                    separator, stats.vcpu,
                    stats.flags & XEN_PERFCTR_STAT_REGISTERED ? "true"
                                                              : "false",
                    stats.flags & XEN_PERFCTR_STAT_APPLIED ? "true" : "false");
        for (const Row& row : kRows)
            std::printf(", \"%s\": %" PRIu64, row.name, stats.*row.field);
        std::printf("}");
        separator = ",";
    }
    std::printf("\n]}\n");
}

class Tool final {
public:
    explicit Tool(const std::vector<std::string>& words);
    int run();

private:
    Domain domain() { return domains_.find(argument(1)); }
    const std::string& argument(size_t i) const;

    int enable();
    int disable();
    int status();
    int list();
    int stats();

    po::variables_map options_;
    std::vector<std::string> arguments_;
    Hypercall hypercall_;
    Domains domains_;
};

Tool::Tool(const std::vector<std::string>& words)
{
    po::options_description all;

    all.add_options()
        ("tier", po::value<std::string>()->default_value("full"))
        ("kernel", po::bool_switch())
        ("hypervisor", po::bool_switch())
        ("max-counters", po::value<uint32_t>()->default_value(0))
        ("min-period",
         po::value<uint64_t>()->default_value(kDefaultMinPeriod))
        ("pmi-rate", po::value<uint64_t>()->default_value(0))
        ("json", po::bool_switch())
        ("argument", po::value(&arguments_));

    po::positional_options_description positional;
    positional.add("argument", -1);

    po::store(po::command_line_parser(words)
                  .options(all).positional(positional).run(), options_);
    po::notify(options_);
}

const std::string& Tool::argument(size_t i) const
{
    if (i >= arguments_.size())
        throw UsageError{i ? "no domain or VCPU given" : "no command given"};

    return arguments_[i];
}

int Tool::enable()
{
    xen_perfctr_policy policy{};

    policy.tier = tier_number(options_["tier"].as<std::string>());
    if (options_["kernel"].as<bool>())
        policy.flags |= XEN_PERFCTR_POLICY_KERNEL;
    if (options_["hypervisor"].as<bool>())
        policy.flags |= XEN_PERFCTR_POLICY_HYP;
    policy.max_counters = options_["max-counters"].as<uint32_t>();
    policy.min_period = options_["min-period"].as<uint64_t>();
    policy.pmi_rate = options_["pmi-rate"].as<uint64_t>();
    hypercall_.set_policy(domain().id, policy);

    return 0;
}

int Tool::disable()
{
    hypercall_.set_policy(domain().id, xen_perfctr_policy{});

    return 0;
}

int Tool::status()
{
    const Domain dom = domain();
    const xen_perfctr_policy policy = hypercall_.policy(dom.id);
    std::vector<xen_perfctr_vcpu_stats> vcpus;

    for (uint32_t i = 0; i <= dom.max_vcpu_id; i++)
        vcpus.push_back(hypercall_.stats(dom.id, i));

    if (options_["json"].as<bool>()) {
        print_json(dom, policy, vcpus);
        return 0;
    }

    std::printf("domain %u: tier %s, allowed: %s", dom.id,
                tier_name(policy.tier), flag_names(policy.flags).c_str());
    if (policy.max_counters)
        std::printf(", at most %u counters", policy.max_counters);
    if (policy.min_period > 1)
        std::printf(", periods from %" PRIu64, policy.min_period);
    if (policy.pmi_rate)
        std::printf(", at most %" PRIu64 " samples a second", policy.pmi_rate);
    std::printf("\n");
    for (const xen_perfctr_vcpu_stats& stats : vcpus)
        print_stats(stats);

    return 0;
}

int Tool::list()
{
    std::printf("%5s  %-4s  %s\n", "ID", "TIER", "ALLOWED");
    for (const Domain& dom : domains_.all()) {
        try {
            const xen_perfctr_policy policy = hypercall_.policy(dom.id);

            std::printf("%5u  %-4s  %s\n", dom.id, tier_name(policy.tier),
                        flag_names(policy.flags).c_str());
        } catch (const HypercallError& error) {
            if (!error.about_domain())
                throw;
            std::printf("%5u  %-4s  %s\n", dom.id, "-", error.what());
        }
    }

    return 0;
}

int Tool::stats()
{
    const Domain dom = domain();
    const std::string& text = argument(2);
    size_t end = 0;
    unsigned long vcpu = 0;

    try {
        vcpu = std::stoul(text, &end);
    } catch (const std::logic_error&) {
    }
    if (!end || end != text.size() || vcpu > dom.max_vcpu_id)
        throw UsageError{"no VCPU '" + text + "' in this domain"};

    print_stats(hypercall_.stats(dom.id, static_cast<uint32_t>(vcpu)));

    return 0;
}

int Tool::run()
{
    const std::string& command = argument(0);

    if (command == "enable")
        return enable();
    if (command == "disable")
        return disable();
    if (command == "status")
        return status();
    if (command == "list")
        return list();
    if (command == "stats")
        return stats();

    throw UsageError{"unknown command '" + command + "'"};
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> words(argv + 1, argv + argc);

    for (const std::string& word : words)
        if (word == "-h" || word == "--help") {
            std::fputs(kUsage, stdout);
            return 0;
        }

    try {
        return Tool(words).run();
    } catch (const UsageError& error) {
        std::cerr << "xen-perfctr: " << error.text
                  << "\nTry 'xen-perfctr --help'.\n";
        return 2;
    } catch (const po::error& error) {
        std::cerr << "xen-perfctr: " << error.what()
                  << "\nTry 'xen-perfctr --help'.\n";
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "xen-perfctr: " << error.what() << '\n';
        return 1;
    }
}
