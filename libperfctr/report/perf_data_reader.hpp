// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The outer layer of perf.data: header, events, features, and the records as
// pieces of bytes.  The file may have been damaged or made up: every size and
// offset is checked before it is used, and work and memory stay in proportion to
// the file's size.
#pragma once

#include "byte_reader.hpp"
#include "perf_attr.hpp"

#include <perfctr/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace perfctr::report {

// Which contents a mapped file had, as the recorder saw it.
struct BuildId {
  std::string path;
  std::vector<std::uint8_t> id;
};

struct PerfData {
  std::vector<EventAttr> events;  // not empty
  std::unordered_map<std::uint64_t, std::size_t> event_of_id;
  std::vector<BuildId> build_ids;
  std::string hostname, command;
  Bytes records;
  std::uint64_t records_offset = 0;  // in the file
  // Sentences about what is missing; some records may be.
  std::vector<std::string> damage;
};

[[nodiscard]] Result<PerfData> open_perf_data(Bytes file);

struct RawRecord {
  std::uint32_t type = 0;
  std::uint16_t misc = 0;
  Bytes body;                // behind the 8 bytes of the header
  std::uint64_t offset = 0;  // of the header, from the start of `records`
};

// The records in the order of the file.
class RecordCursor final {
 public:
  RecordCursor(Bytes records, std::uint64_t file_offset)
      : records_(records), file_offset_(file_offset) {}

  // Nothing at the end, or where no record can be made out: damage() tells.
  [[nodiscard]] std::optional<RawRecord> next();
  [[nodiscard]] const std::string& damage() const { return damage_; }

 private:
  // Data that follows a record and is not counted in its size.
  [[nodiscard]] static std::uint64_t payload_of(const RawRecord& record);

  Bytes records_;
  std::uint64_t file_offset_;
  std::uint64_t position_ = 0;
  std::string damage_;
};

// The record at an offset that RecordCursor gave.
[[nodiscard]] RawRecord record_at(Bytes records, std::uint64_t offset);

}  // namespace perfctr::report
