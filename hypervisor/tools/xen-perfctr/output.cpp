// SPDX-License-Identifier: GPL-2.0-only
#include "output.hpp"

#include <cinttypes>
#include <cstdio>

namespace {

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

} // namespace

std::string stats_text(const xen_perfctr_vcpu_stats& stats)
{
    std::string text = "vcpu " + std::to_string(stats.vcpu) + ": " +
        (stats.flags & XEN_PERFCTR_STAT_REGISTERED ? "registered"
                                                   : "not registered") +
        (stats.flags & XEN_PERFCTR_STAT_APPLIED ? ", counting" : "") + "\n";

    for (const Row& row : kRows) {
        char line[64];

        std::snprintf(line, sizeof(line), "  %-20s %" PRIu64 "\n", row.name,
                      stats.*row.field);
        text += line;
    }

    return text;
}

std::string stats_json(const xen_perfctr_vcpu_stats& stats)
{
    std::string text = "{\"vcpu\": " + std::to_string(stats.vcpu) +
        ", \"registered\": " +
        (stats.flags & XEN_PERFCTR_STAT_REGISTERED ? "true" : "false") +
        ", \"counting\": " +
        (stats.flags & XEN_PERFCTR_STAT_APPLIED ? "true" : "false");

    for (const Row& row : kRows)
        text += std::string(", \"") + row.name +
                "\": " + std::to_string(stats.*row.field);

    return text + "}";
}
