// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The inner layer: what a record says.  Layouts depend on the event (sample_type),
// and the event is found by an id within the record: that has to lie at one place
// for all events, which is checked once.
#pragma once

#include "perf_data_reader.hpp"

#include <string_view>
#include <variant>

namespace perfctr::report {

enum class Mode : std::uint8_t { kUnknown, kKernel, kUser, kHypervisor, kGuestKernel, kGuestUser };

struct Sample {
  std::size_t event = 0;
  Mode mode = Mode::kUnknown;
  std::uint32_t pid = 0, tid = 0;
  std::uint64_t ip = 0, period = 0;
  NumberList chain;  // with PERF_CONTEXT_ markers; innermost first
};

struct Mmap {
  Mode mode = Mode::kUnknown;
  std::uint32_t pid = 0;
  std::uint64_t start = 0, size = 0, file_offset = 0;
  std::string_view path;
  Bytes build_id;  // empty when the record has none
};

struct Comm {
  std::uint32_t pid = 0, tid = 0;
  bool exec = false;
  std::string_view name;
};

struct Fork {
  std::uint32_t pid = 0, parent_pid = 0, tid = 0, parent_tid = 0;
  bool same_maps = true;  // false where perf made the record up for what ran already
};

struct Lost {
  std::uint64_t count = 0;
};

struct Throttled {};
// Of no interest here.
struct Other {};
// Its contents contradict its size.
struct Damaged {
  const char* what = "";
};

using Record = std::variant<Other, Damaged, Sample, Mmap, Comm, Fork, Lost, Throttled>;

class RecordDecoder final {
 public:
  // `data` has to live on.
  [[nodiscard]] static Result<RecordDecoder> create(const PerfData& data);

  [[nodiscard]] Record decode(const RawRecord& record) const;
  // 0 when the record has none.
  [[nodiscard]] std::uint64_t time_of(const RawRecord& record) const;

 private:
  // Of one event's records.  Places are in bytes, in a sample from its start, in
  // other records from their end.
  struct Layout {
    std::optional<std::size_t> id_in_sample, id_in_other;
    std::optional<std::size_t> time_in_sample, time_in_other;
    std::size_t trailer_size = 0;

    bool operator==(const Layout&) const = default;
  };
  static Layout layout_of(const EventAttr& event);

  explicit RecordDecoder(const PerfData& data) : data_(&data) {}

  // Nothing when the record has an id that no event has.
  [[nodiscard]] std::optional<std::size_t> event_of(const RawRecord& record) const;
  [[nodiscard]] Record decode_sample(const RawRecord& record) const;
  [[nodiscard]] Record decode_mmap(const RawRecord& record, Bytes body) const;
  [[nodiscard]] Bytes without_trailer(const RawRecord& record) const;

  const PerfData* data_;
  std::vector<Layout> layouts_;
};

}  // namespace perfctr::report
