// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perf_data_reader.hpp"

#include "file_error.hpp"
#include "feature_reader.hpp"
#include "perf_format.hpp"

#include <array>
#include <cinttypes>

namespace perfctr::report {
namespace {

constexpr const char* kRecordAgain = "record again with 'perfctr record' or 'perf record'";

struct Section {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

Section read_section(ByteReader& reader) {
  const std::uint64_t offset = reader.u64();
  return {offset, reader.u64()};
}

struct FileHeader {
  std::uint64_t size = 0, attr_size = 0;
  Section attrs, data;
  std::array<std::uint64_t, kFeatureWords> features{};

  [[nodiscard]] bool has(unsigned feature) const {
    return (features[feature / 64] >> feature % 64 & 1) != 0;
  }
};

Result<FileHeader> read_header(Bytes file) {
  if (file.empty()) {
    return bad_file("the file is empty: probably its recording was interrupted", kRecordAgain);
  }
  ByteReader reader(file);
  const std::uint64_t magic = reader.u64();
  if (magic == kMagicSwapped) {
    return bad_file("the file was written on a big-endian machine, which is not supported",
                    "use 'perf report' on that machine");
  }
  if (magic == kMagicFirst) {
    return bad_file("the file has the first perf.data format, of kernels before 3.7", kRecordAgain);
  }
  if (!reader.ok() || magic != kMagic) {
    return bad_file(print("this is not a perf.data file: it begins with 0x%016" PRIx64
                          ", not with \"PERFILE2\"",
                          magic),
                    "give the file that 'perfctr record' or 'perf record' wrote");
  }
  FileHeader header;
  header.size = reader.u64();
  if (!reader.ok() || header.size == kPipeHeaderSize) {
    if (reader.ok()) return header;
    return bad_file("the file ends within its header, at byte " + std::to_string(file.size()),
                    kRecordAgain);
  }
  header.attr_size = reader.u64();
  header.attrs = read_section(reader);
  header.data = read_section(reader);
  read_section(reader);  // event types, of old
  for (std::uint64_t& word : header.features) word = reader.u64();
  if (!reader.ok()) {
    return bad_file(print("the file ends within its header: it has %zu bytes of %zu", file.size(),
                          kFileHeaderSize),
                    kRecordAgain);
  }
  if (header.size != kFileHeaderSize) {
    return bad_file(print("the header at offset 8 says that it has %" PRIu64
                          " bytes, where %zu are known: a newer format, or damage",
                          header.size, kFileHeaderSize),
                    "use the 'perf report' that belongs to the recording");
  }
  return header;
}

// Event ids are 8 bytes of the file each, so honest ones cannot be more than that;
// sections that overlap could claim any number.
bool add_ids(const NumberList& ids, std::size_t event, Bytes file, PerfData& data,
             std::uint64_t& total) {
  total += ids.size();
  if (total > file.size() / 8) return false;
  for (std::size_t i = 0; i < ids.size(); ++i) data.event_of_id.emplace(ids[i], event);
  return true;
}

Result<void> read_attrs(Bytes file, const FileHeader& header, PerfData& data) {
  const Section& attrs = header.attrs;
  if (header.attr_size < kLeastAttrSize + kSectionSize || header.attr_size > 4096) {
    return bad_file(
        print("the header at offset 16 gives events %" PRIu64 " bytes each, which is not possible",
              header.attr_size),
        kRecordAgain);
  }
  if (!contains(file, attrs.offset, attrs.size)) {
    return bad_file(print("the header places the events at offset %" PRIu64 ", %" PRIu64
                          " bytes long, outside the file of %zu bytes",
                          attrs.offset, attrs.size, file.size()),
                    kRecordAgain);
  }
  std::uint64_t total = 0;
  for (std::uint64_t at = 0; at + header.attr_size <= attrs.size; at += header.attr_size) {
    const Bytes entry = clipped(file, attrs.offset + at, header.attr_size);
    auto attr = decode_attr(entry.first(entry.size() - kSectionSize));
    ByteReader tail(entry.last(kSectionSize));
    const Section ids = read_section(tail);
    if (!attr || !contains(file, ids.offset, ids.size) ||
        !add_ids(NumberList(clipped(file, ids.offset, ids.size)), data.events.size(), file, data,
                 total)) {
      return bad_file(print("the event at offset %" PRIu64 " has %" PRIu64
                            " bytes of ids at offset %" PRIu64 ", which the file has no room for",
                            attrs.offset + at, ids.size, ids.offset),
                      kRecordAgain);
    }
    data.events.push_back(std::move(*attr));
  }
  return {};
}

void read_features(Bytes file, const FileHeader& header, PerfData& data) {
  const std::uint64_t begin = header.data.offset + header.data.size;
  ByteReader table(clipped(file, begin, file.size()));
  for (unsigned feature = 0; feature < kFeatureWords * 64; ++feature) {
    if (!header.has(feature)) continue;
    const Section section = read_section(table);
    if (!table.ok() || !contains(file, section.offset, section.size)) {
      data.damage.push_back(print("the description sections behind offset %" PRIu64
                                  " are not in the file: it was cut off",
                                  begin));
      return;
    }
    read_feature(feature, clipped(file, section.offset, section.size), data);
  }
}

// What perf writes to a pipe: no tables, records describe the events.
Result<void> read_stream(Bytes file, PerfData& data) {
  data.records = clipped(file, kPipeHeaderSize, file.size());
  data.records_offset = kPipeHeaderSize;
  std::uint64_t total = 0;
  RecordCursor cursor(data.records, data.records_offset);
  while (const auto record = cursor.next()) {
    ByteReader body(record->body);
    if (record->type == kRecordAttr) {
      body.skip(4);
      const std::uint32_t size = body.u32();
      const Bytes raw = clipped(record->body, 0, size == 0 ? kLeastAttrSize : size);
      auto attr = decode_attr(raw);
      const NumberList ids(clipped(record->body, raw.size(), record->body.size()));
      if (!attr || !add_ids(ids, data.events.size(), file, data, total)) {
        return bad_file(print("the event described at offset %" PRIu64 " is too short",
                              data.records_offset + record->offset),
                        kRecordAgain);
      }
      data.events.push_back(std::move(*attr));
    } else if (record->type == kRecordFeature) {
      const std::uint64_t feature = body.u64();
      if (feature < kFeatureWords * 64)
        read_feature(static_cast<unsigned>(feature), body.take(body.left()), data);
    } else if (record->type == kRecordBuildId) {
      if (auto id = decode_build_id(*record)) data.build_ids.push_back(std::move(*id));
    }
  }
  return {};
}

Result<void> read_file(Bytes file, const FileHeader& header, PerfData& data) {
  if (auto read = read_attrs(file, header, data); !read) return read;
  const Section& records = header.data;
  if (records.offset > file.size()) {
    return bad_file(print("the header places the records at offset %" PRIu64
                          ", behind the end of the file of %zu bytes",
                          records.offset, file.size()),
                    kRecordAgain);
  }
  data.records = clipped(file, records.offset, records.size);
  data.records_offset = records.offset;
  if (records.size == 0 && records.offset < file.size()) {
    data.records = clipped(file, records.offset, file.size());
    data.damage.emplace_back(
        "the header was never completed: the recording did not end in order, and its last "
        "samples may be missing");
  } else if (data.records.size() < records.size) {
    data.damage.push_back(print("the file was cut off: of %" PRIu64 " bytes of records it has %zu",
                                records.size, data.records.size()));
  } else {
    read_features(file, header, data);
  }
  return {};
}

}  // namespace

Result<PerfData> open_perf_data(Bytes file) {
  auto header = read_header(file);
  if (!header) return std::move(header).error();
  PerfData data;
  const bool stream = header->size == kPipeHeaderSize;
  auto read = stream ? read_stream(file, data) : read_file(file, *header, data);
  if (!read) return std::move(read).error();
  if (header->has(kFeatureCompressed)) {
    return bad_file("the records are compressed ('perf record -z'), which is not supported",
                    "record without -z, or use 'perf report'");
  }
  if (data.events.empty()) {
    return bad_file("the file describes no event: its recording failed at the start", kRecordAgain);
  }
  for (EventAttr& event : data.events) {
    if (event.name.empty()) event.name = name_of(event);
  }
  return data;
}

}  // namespace perfctr::report
