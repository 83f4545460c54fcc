// SPDX-License-Identifier: LGPL-2.1-or-later
#include "feature_reader.hpp"

#include "perf_format.hpp"

namespace perfctr::report {
namespace {

constexpr std::size_t kBuildIdSize = 20;

// A length, and so many bytes of text padded with NULs.
std::string padded_text(ByteReader& reader) {
  const std::string_view raw = ByteReader::as_text(reader.take(reader.u32()));
  return std::string(raw.substr(0, raw.find('\0')));
}

std::string command_line(ByteReader reader) {
  std::string line;
  const std::uint32_t count = reader.u32();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    if (i > 0) line += ' ';
    line += padded_text(reader);
  }
  return reader.ok() ? line : std::string();
}

void name_events(ByteReader reader, PerfData& data) {
  const std::uint32_t count = reader.u32();
  const std::uint32_t attr_size = reader.u32();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    reader.skip(attr_size);
    const std::uint32_t ids = reader.u32();
    const std::string name = padded_text(reader);
    const NumberList list(reader.take(std::uint64_t{ids} * 8));
    if (!reader.ok() || name.empty()) continue;
    // By id; without any, by place.
    const auto known = list.size() > 0 ? data.event_of_id.find(list[0]) : data.event_of_id.end();
    if (known != data.event_of_id.end()) {
      data.events[known->second].name = name;
    } else if (list.size() == 0 && i < data.events.size()) {
      data.events[i].name = name;
    }
  }
}

}  // namespace

std::optional<BuildId> decode_build_id(const RawRecord& record) {
  ByteReader reader(record.body);
  reader.skip(4);  // process
  const Bytes id = reader.take(kBuildIdSize);
  std::size_t size = kBuildIdSize;
  const std::uint32_t tail = reader.u32();
  if ((record.misc & kMiscBuildIdSize) != 0) size = tail & 0xff;
  const std::string_view path = reader.text();
  if (!reader.ok() || size > kBuildIdSize || path.empty()) return std::nullopt;
  return BuildId{std::string(path), {id.begin(), id.begin() + static_cast<std::ptrdiff_t>(size)}};
}

void read_feature(unsigned number, Bytes section, PerfData& data) {
  ByteReader reader(section);
  switch (number) {
    case kFeatureBuildId: {
      RecordCursor cursor(section, 0);
      while (const auto record = cursor.next()) {
        if (auto id = decode_build_id(*record)) data.build_ids.push_back(std::move(*id));
      }
      break;
    }
    case kFeatureHostname:
      data.hostname = padded_text(reader);
      break;
    case kFeatureCmdline:
      data.command = command_line(reader);
      break;
    case kFeatureEventDesc:
      name_events(reader, data);
      break;
    default:
      break;
  }
}

}  // namespace perfctr::report
