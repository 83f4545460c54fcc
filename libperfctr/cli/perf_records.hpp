// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Records of a perf.data file, as bytes.  Those that are no samples end with the
// time and thread that sample_id_all asks for.
#pragma once

#include <perfctr/sampler.hpp>

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perfctr::cli {

using RecordBytes = std::vector<std::byte>;

// What every attribute of the file has.
inline constexpr std::uint64_t kSampleType = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP |
                                             PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
                                             PERF_SAMPLE_PERIOD;
// The event to which records belong that are of none.
inline constexpr std::uint64_t kFirstId = 1;
[[nodiscard]] inline std::uint64_t id_of_event(unsigned index) { return kFirstId + index; }

struct ThreadIds {
  pid_t pid = 0;
  pid_t tid = 0;
};

struct Mapping {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::uint64_t offset = 0;
  std::uint32_t major = 0, minor = 0;
  std::uint64_t inode = 0;
  std::uint32_t protection = 0, flags = 0;
  std::string path;
  auto operator<=>(const Mapping&) const = default;
};

[[nodiscard]] RecordBytes sample_record(const Sample& sample, unsigned event, std::uint64_t period,
                                        bool call_chain);
// Samples that were taken and found no room.
[[nodiscard]] RecordBytes lost_record(const LostSamples& lost);
// Overflows of which no sample was taken.
[[nodiscard]] RecordBytes missed_record(const LostSamples& lost);
[[nodiscard]] RecordBytes comm_record(ThreadIds ids, std::string_view comm, bool by_exec,
                                      std::uint64_t time_ns);
[[nodiscard]] RecordBytes fork_record(ThreadIds ids, ThreadIds parent, std::uint64_t time_ns);
[[nodiscard]] RecordBytes exit_record(ThreadIds ids, ThreadIds parent, std::uint64_t time_ns);
[[nodiscard]] RecordBytes mmap_record(ThreadIds ids, const Mapping& mapping, std::uint64_t time_ns);
// The kernel's text, or that of a module.
[[nodiscard]] RecordBytes kernel_mmap_record(std::uint64_t start, std::uint64_t length,
                                             std::uint64_t offset, std::string_view name);
// All records before it are older than all after the next one.
[[nodiscard]] RecordBytes finished_round_record();

// A record of the kernel's own whose attribute has kSideBandType: makes it one
// of the file.  False when it is too short for that; else its time.
inline constexpr std::uint64_t kSideBandType =
    PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
[[nodiscard]] bool adopt_record(RecordBytes& record, std::uint64_t* time_ns);

}  // namespace perfctr::cli
