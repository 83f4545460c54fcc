// SPDX-License-Identifier: GPL-2.0-only
#include "events.hpp"

#include "error.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>

#include <cpuid.h>

#include <xen/perfctr.h>

namespace {

struct Name {
    const char* name;
    uint64_t intel;
    uint64_t amd;   // 0: there is none
};

// The first of several names for a code is the one that is shown.
constexpr Name kNames[] = {
    {"cycles", 0x003c, 0x0076},
    {"instructions", 0x00c0, 0x00c0},
    {"ref-cycles", 0x0300, 0},
    {"branches", 0x00c4, 0x00c2},
    {"branch-instructions", 0x00c4, 0x00c2},
    {"branch-misses", 0x00c5, 0x00c3},
    {"cache-references", 0x4f2e, 0xff60},
    {"cache-misses", 0x412e, 0x0964},
};

uint64_t code_of(const Name& row, Vendor vendor)
{
    return vendor == Vendor::kIntel ? row.intel : row.amd;
}

std::string trimmed(const std::string& text)
{
    const size_t first = text.find_first_not_of(" \t");

    if (first == std::string::npos)
        return {};

    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace

Vendor this_vendor()
{
    unsigned int eax = 0, ebx = 0, ecx = 0, edx = 0;

    __get_cpuid(0, &eax, &ebx, &ecx, &edx);

    return ebx == signature_INTEL_ebx ? Vendor::kIntel : Vendor::kAmd;
}

uint64_t event_code(const std::string& name, Vendor vendor)
{
    for (const Name& row : kNames)
        if (name == row.name) {
            if (!code_of(row, vendor))
                throw UsageError("this processor has no event '" + name + "'");
            return code_of(row, vendor);
        }

    if (name.size() > 1 && name.size() <= 17 && name[0] == 'r' &&
        name.find_first_not_of("0123456789abcdefABCDEF", 1) ==
            std::string::npos)
        return std::stoull(name.substr(1), nullptr, 16);

    throw UsageError("unknown event '" + name +
                     "': cycles, instructions, ref-cycles, branches, "
                     "branch-misses, cache-references, cache-misses, or a raw "
                     "code such as r01c4");
}

std::string event_name(uint64_t code, Vendor vendor)
{
    char raw[20];

    for (const Name& row : kNames)
        if (code_of(row, vendor) == code && code)
            return row.name;

    std::snprintf(raw, sizeof(raw), "r%04llx",
                  static_cast<unsigned long long>(code));

    return raw;
}

std::vector<uint64_t> parse_events(const std::string& list, Vendor vendor)
{
    std::vector<uint64_t> events;

    for (size_t begin = 0; begin <= list.size();) {
        const size_t end = std::min(list.find(',', begin), list.size());
        const std::string name = trimmed(list.substr(begin, end - begin));

        if (name.empty())
            throw UsageError("'" + list + "' has an empty name in it");

        const uint64_t code = event_code(name, vendor);
        if (std::find(events.begin(), events.end(), code) == events.end())
            events.push_back(code);
        begin = end + 1;
    }

    if (events.size() > XEN_PERFCTR_MAX_EVENTS)
        throw UsageError(
            std::to_string(events.size()) + " events, at most " +
            std::to_string(XEN_PERFCTR_MAX_EVENTS) + " can be listed");

    return events;
}
