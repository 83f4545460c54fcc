// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perf_attr.hpp"

#include "perf_format.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace perfctr::report {
namespace {

constexpr std::array kHardware = {"cycles",
                                  "instructions",
                                  "cache-references",
                                  "cache-misses",
                                  "branches",
                                  "branch-misses",
                                  "bus-cycles",
                                  "stalled-cycles-frontend",
                                  "stalled-cycles-backend",
                                  "ref-cycles"};
constexpr std::array kSoftware = {
    "cpu-clock",        "task-clock",   "page-faults",  "context-switches",
    "cpu-migrations",   "minor-faults", "major-faults", "alignment-faults",
    "emulation-faults", "dummy",        "bpf-output",   "cgroup-switches"};

// Bits of the flags, as <linux/perf_event.h> numbers them.
constexpr unsigned kFreqBit = 10;
constexpr unsigned kSampleIdAllBit = 18;

}  // namespace

std::optional<EventAttr> decode_attr(Bytes raw) {
  ByteReader reader(raw);
  EventAttr attr;
  attr.type = reader.u32();
  reader.u32();  // size; the caller has cut `raw` to it
  attr.config = reader.u64();
  attr.sample_period = reader.u64();
  attr.sample_type = reader.u64();
  attr.read_format = reader.u64();
  const std::uint64_t flags = reader.u64();
  attr.frequency = (flags >> kFreqBit & 1) != 0;
  attr.sample_id_all = (flags >> kSampleIdAllBit & 1) != 0;
  if (!reader.ok() || raw.size() < kLeastAttrSize) return std::nullopt;
  return attr;
}

std::string name_of(const EventAttr& attr) {
  if (attr.type == PERF_TYPE_HARDWARE && attr.config < kHardware.size())
    return kHardware[attr.config];
  if (attr.type == PERF_TYPE_SOFTWARE && attr.config < kSoftware.size())
    return kSoftware[attr.config];
  char text[64];
  if (attr.type == PERF_TYPE_RAW) {
    std::snprintf(text, sizeof(text), "r%" PRIx64, attr.config);
  } else {
    std::snprintf(text, sizeof(text), "type %" PRIu32 " config 0x%" PRIx64, attr.type, attr.config);
  }
  return text;
}

}  // namespace perfctr::report
