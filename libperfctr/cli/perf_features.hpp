// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The feature sections at the end of a perf.data file.
#pragma once

#include "perf_data_writer.hpp"

#include <cstdint>
#include <vector>

namespace perfctr::cli {

// PERF_ATTR_SIZE_VER5; the fields after it are not used.
inline constexpr std::uint32_t kFileAttrSize = 112;

// Bit HEADER_* of perf's enum for each section, in the order of the sections.
enum Feature : unsigned {
  kHostname = 3,
  kOsRelease = 4,
  kVersion = 5,
  kArch = 6,
  kNrCpus = 7,
  kCommandLine = 11,
  kEventDescription = 12,
  kSampleTime = 21,
};
inline constexpr std::uint64_t kFeatureBits =
    1ull << kHostname | 1ull << kOsRelease | 1ull << kVersion | 1ull << kArch | 1ull << kNrCpus |
    1ull << kCommandLine | 1ull << kEventDescription | 1ull << kSampleTime;

[[nodiscard]] std::vector<RecordBytes> feature_sections(
    const PerfDataWriter::Description& description, std::uint64_t first_ns, std::uint64_t last_ns);

}  // namespace perfctr::cli
