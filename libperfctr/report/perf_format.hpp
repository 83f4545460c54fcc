// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What <linux/perf_event.h> does not say about perf.data: the file's header and
// the records that perf itself puts in, as in Linux's
// tools/perf/Documentation/perf.data-file-format.txt.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>

namespace perfctr::report {

inline constexpr std::uint64_t kMagic = 0x32454c4946524550;         // "PERFILE2"
inline constexpr std::uint64_t kMagicSwapped = 0x50455246494c4532;  // of a big-endian machine
inline constexpr std::uint64_t kMagicFirst = 0x454c494646524550;    // "PERFFILE", version 1

inline constexpr std::size_t kFileHeaderSize = 104;
inline constexpr std::size_t kPipeHeaderSize = 16;
inline constexpr std::size_t kFeatureWords = 4;
inline constexpr std::size_t kRecordHeaderSize = 8;
inline constexpr std::size_t kSectionSize = 16;
inline constexpr std::size_t kLeastAttrSize = PERF_ATTR_SIZE_VER0;

// Records of perf's own.
enum : std::uint32_t {
  kRecordAttr = 64,
  kRecordTracingData = 66,
  kRecordBuildId = 67,
  kRecordFinishedRound = 68,
  kRecordAuxtrace = 71,
  kRecordFeature = 80,
  kRecordCompressed = 81,
};
inline constexpr std::uint32_t kFirstOwnRecord = kRecordAttr;

// Bits of the header's feature set.
enum : unsigned {
  kFeatureBuildId = 2,
  kFeatureHostname = 3,
  kFeatureCmdline = 11,
  kFeatureEventDesc = 12,
  kFeatureCompressed = 27,
};

// Where PERF_RECORD_HEADER_BUILD_ID says that it gives the build-id's size.
inline constexpr std::uint16_t kMiscBuildIdSize = 1u << 15;

}  // namespace perfctr::report
