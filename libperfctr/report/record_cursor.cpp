// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perf_data_reader.hpp"

#include "file_error.hpp"
#include "perf_format.hpp"

#include <cinttypes>

namespace perfctr::report {

RawRecord record_at(Bytes records, std::uint64_t offset) {
  ByteReader header(clipped(records, offset, kRecordHeaderSize));
  RawRecord record;
  record.type = header.u32();
  record.misc = header.u16();
  const std::uint64_t size = header.u16();
  record.offset = offset;
  if (size > kRecordHeaderSize)
    record.body = clipped(records, offset + kRecordHeaderSize, size - kRecordHeaderSize);
  return record;
}

std::uint64_t RecordCursor::payload_of(const RawRecord& record) {
  ByteReader body(record.body);
  if (record.type == kRecordAuxtrace) return body.u64();
  if (record.type == kRecordTracingData) return (std::uint64_t{body.u32()} + 7) & ~std::uint64_t{7};
  return 0;
}

std::optional<RawRecord> RecordCursor::next() {
  const std::uint64_t left = records_.size() - position_;
  if (left == 0 || !damage_.empty()) return std::nullopt;
  const std::uint64_t place = file_offset_ + position_;
  if (left < kRecordHeaderSize) {
    damage_ = print("the last %" PRIu64 " bytes, at offset %" PRIu64
                    ", are too few for a record: the file was cut off",
                    left, place);
    return std::nullopt;
  }
  const RawRecord record = record_at(records_, position_);
  ByteReader header(records_.subspan(static_cast<std::size_t>(position_), kRecordHeaderSize));
  header.skip(6);
  const std::uint64_t size = header.u16();
  if (size < kRecordHeaderSize) {
    damage_ = print("at offset %" PRIu64 " is a record of %" PRIu64
                    " bytes, which is less than its header: the %" PRIu64
                    " bytes from there on are not reported",
                    place, size, left);
    return std::nullopt;
  }
  if (size > left || payload_of(record) > left - size) {
    damage_ = print("the record at offset %" PRIu64 " (type %" PRIu32 ", %" PRIu64
                    " bytes) goes beyond the last byte: the file was cut off or is damaged",
                    place, record.type, size + payload_of(record));
    return std::nullopt;
  }
  position_ += size + payload_of(record);
  return record;
}

}  // namespace perfctr::report
