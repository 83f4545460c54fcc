// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The descriptive sections of perf.data ("features").  They are a help, not the
// data: one that cannot be read is left out.
#pragma once

#include "perf_data_reader.hpp"

namespace perfctr::report {

// Takes over what feature `number` says; others than the known are ignored.
void read_feature(unsigned number, Bytes section, PerfData& data);

// One build-id record, as in the feature and in a stream.
[[nodiscard]] std::optional<BuildId> decode_build_id(const RawRecord& record);

}  // namespace perfctr::report
