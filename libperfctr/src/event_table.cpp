// SPDX-License-Identifier: LGPL-2.1-or-later
#include "event_table.hpp"

#include <cpuid.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace perfctr {
namespace {

// Codes are unit mask << 8 | event select.
//
// Intel: SDM volume 3, "Pre-defined Architectural Performance Events"; 0x0300 is
// the pseudo code that Linux and libpfm4 use for fixed counter 2.
// AMD, family 17h and later: PPR, "Core Performance Monitor Counters"; cache
// events as in Linux arch/x86/events/amd/core.c (amd_f17h_perfmon_event_map).
constexpr GenericEvent kGenericEvents[] = {
    {"instructions", "", "PAPI_TOT_INS", 0x00c0, {}, 0x00c0, {}, "instructions retired"},
    {"cycles", "cpu-cycles", "PAPI_TOT_CYC", 0x003c, {}, 0x0076, {}, "core cycles, not halted"},
    {"ref-cycles",
     "",
     "PAPI_REF_CYC",
     0x0300,
     {},
     kAbsent,
     {},
     "cycles at the TSC's rate, not halted"},
    {"branches", "branch-instructions", "PAPI_BR_INS", 0x00c4, {}, 0x00c2, {}, "branches retired"},
    {"branch-misses", "", "PAPI_BR_MSP", 0x00c5, {}, 0x00c3, {}, "mispredicted branches retired"},
    {"branches-conditional",
     "",
     "PAPI_BR_CN",
     kByModel,
     {"BR_INST_RETIRED:CONDITIONAL", "BR_INST_RETIRED:COND"},
     0x00d1,
     {},
     "conditional branches retired"},
    {"cache-references", "", "", 0x4f2e, {}, 0xff60, {}, "references to the last level cache"},
    {"cache-misses", "", "", 0x412e, {}, 0x0964, {}, "misses of the last level cache"},
    {"loads",
     "",
     "PAPI_LD_INS",
     kByModel,
     {"MEM_INST_RETIRED:ALL_LOADS", "MEM_UOPS_RETIRED:ALL_LOADS", "MEM_UOP_RETIRED:ANY_LOADS"},
     kByModel,
     {"LS_DISPATCH:LD_DISPATCH"},
     "load instructions retired"},
    {"stores",
     "",
     "PAPI_SR_INS",
     kByModel,
     {"MEM_INST_RETIRED:ALL_STORES", "MEM_UOPS_RETIRED:ALL_STORES", "MEM_UOP_RETIRED:ANY_STORES"},
     kByModel,
     {"LS_DISPATCH:STORE_DISPATCH"},
     "store instructions retired"},
};

constexpr std::array<std::string_view, 14> kSoftwareEvents = {
    "task-clock", "cpu-clock",      "page-faults",      "faults",          "context-switches",
    "cs",         "cpu-migrations", "migrations",       "minor-faults",    "major-faults",
    "dummy",      "bpf-output",     "alignment-faults", "emulation-faults"};

}  // namespace

CpuVendor cpu_vendor() noexcept {
  unsigned leaf, registers[3];
  if (__get_cpuid(0, &leaf, &registers[0], &registers[2], &registers[1]) == 0) {
    return CpuVendor::kUnknown;
  }
  char name[12];
  std::memcpy(name, registers, sizeof(name));
  const std::string_view vendor(name, sizeof(name));
  if (vendor == "GenuineIntel") return CpuVendor::kIntel;
  if (vendor == "AuthenticAMD" || vendor == "HygonGenuine") return CpuVendor::kAmd;
  return CpuVendor::kUnknown;
}

std::span<const GenericEvent> generic_events() noexcept { return kGenericEvents; }

const GenericEvent* find_generic_event(std::string_view name) noexcept {
  if (name.empty()) return nullptr;
  for (const GenericEvent& event : kGenericEvents) {
    if (name == event.name || name == event.alias || name == event.papi) return &event;
  }
  return nullptr;
}

bool is_software_event(std::string_view name) noexcept {
  return std::find(kSoftwareEvents.begin(), kSoftwareEvents.end(), name) != kSoftwareEvents.end();
}

}  // namespace perfctr
