// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record_decoder.hpp"

#include "perf_format.hpp"

#include <algorithm>
#include <bit>

namespace perfctr::report {
namespace {

// How many of the fields `among` a sample of this event has; all are 8 bytes.
std::size_t fields(const EventAttr& event, std::uint64_t among) {
  return static_cast<std::size_t>(std::popcount(event.sample_type & among));
}

// Steps over the values of counters in a sample.
void skip_read(ByteReader& reader, std::uint64_t format) {
  const std::uint64_t times = (format & PERF_FORMAT_TOTAL_TIME_ENABLED ? 1u : 0u) +
                              (format & PERF_FORMAT_TOTAL_TIME_RUNNING ? 1u : 0u);
  const std::uint64_t per_value =
      1u + (format & PERF_FORMAT_ID ? 1u : 0u) + (format & PERF_FORMAT_LOST ? 1u : 0u);
  std::uint64_t values = 1;
  if ((format & PERF_FORMAT_GROUP) != 0) {
    values = reader.u64();
    // More than a record can hold must not wrap in the product.
    if (values > reader.left()) values = reader.left();
  }
  reader.skip(8 * (times + values * per_value));
}

Mode mode_of(std::uint16_t misc) {
  const unsigned mode = misc & PERF_RECORD_MISC_CPUMODE_MASK;
  return mode <= PERF_RECORD_MISC_GUEST_USER ? static_cast<Mode>(mode) : Mode::kUnknown;
}

std::optional<std::uint64_t> number_at(Bytes body, std::optional<std::size_t> place,
                                       bool from_end) {
  if (!place) return std::nullopt;
  if (from_end ? *place > body.size() : !contains(body, *place, 8)) return std::nullopt;
  return ByteReader(from_end ? body.last(*place) : body.subspan(*place)).u64();
}

}  // namespace

RecordDecoder::Layout RecordDecoder::layout_of(const EventAttr& event) {
  Layout layout;
  const auto before = [&](std::uint64_t among) { return 8 * fields(event, among); };
  if (event.has(PERF_SAMPLE_IDENTIFIER)) {
    layout.id_in_sample = 0;
  } else if (event.has(PERF_SAMPLE_ID)) {
    layout.id_in_sample =
        before(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR);
  }
  if (event.has(PERF_SAMPLE_TIME))
    layout.time_in_sample = before(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID);
  if (!event.sample_id_all) return layout;

  // TID TIME ID STREAM_ID CPU IDENTIFIER, each if the event has it.
  constexpr std::uint64_t kBehindId =
      PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;
  constexpr std::uint64_t kBehindTime = kBehindId | PERF_SAMPLE_ID;
  layout.trailer_size = before(kBehindTime | PERF_SAMPLE_TIME | PERF_SAMPLE_TID);
  if (event.has(PERF_SAMPLE_IDENTIFIER)) {
    layout.id_in_other = 8;
  } else if (event.has(PERF_SAMPLE_ID)) {
    layout.id_in_other = 8 + before(kBehindId);
  }
  if (event.has(PERF_SAMPLE_TIME)) layout.time_in_other = 8 + before(kBehindTime);
  return layout;
}

Result<RecordDecoder> RecordDecoder::create(const PerfData& data) {
  RecordDecoder decoder(data);
  for (const EventAttr& event : data.events) decoder.layouts_.push_back(layout_of(event));
  const Layout& first = decoder.layouts_.front();
  for (std::size_t i = 0; i < data.events.size(); ++i) {
    const Layout& other = decoder.layouts_[i];
    const auto refuse = [&](const std::string& what) {
      return Error{.code = Errc::kUnsupported,
                   .sys_errno = 0,
                   .message = "the records of events '" + data.events[0].name + "' and '" +
                              data.events[i].name + "' " + what,
                   .remedy = "record them in two files",
                   .subject = data.events[i].name};
    };
    if (other.id_in_sample != first.id_in_sample || other.id_in_other != first.id_in_other)
      return refuse("have their ids at different places");
    if (!first.id_in_sample && data.events[i].sample_type != data.events[0].sample_type)
      return refuse("have different fields and no ids to tell them apart");
    if (data.events[i].sample_id_all != data.events[0].sample_id_all)
      return refuse("do not both have ids outside samples");
    if (!data.events[i].has(PERF_SAMPLE_IP)) {
      return Error{.code = Errc::kUnsupported,
                   .sys_errno = 0,
                   .message = "the samples of event '" + data.events[i].name +
                              "' have no instruction address, so there is nothing to report",
                   .remedy = "record with 'perfctr record', or 'perf record' without options",
                   .subject = data.events[i].name};
    }
  }
  return decoder;
}

std::optional<std::size_t> RecordDecoder::event_of(const RawRecord& record) const {
  if (data_->events.size() == 1) return 0;
  const bool sample = record.type == PERF_RECORD_SAMPLE;
  const Layout& first = layouts_.front();
  const auto id = number_at(record.body, sample ? first.id_in_sample : first.id_in_other, !sample);
  if (!id || *id == 0) return 0;  // records of perf's own making have none
  const auto known = data_->event_of_id.find(*id);
  if (known == data_->event_of_id.end()) return std::nullopt;
  return known->second;
}

std::uint64_t RecordDecoder::time_of(const RawRecord& record) const {
  if (record.type >= kFirstOwnRecord) return 0;
  const auto event = event_of(record);
  if (!event) return 0;
  const bool sample = record.type == PERF_RECORD_SAMPLE;
  const Layout& layout = layouts_[*event];
  const std::uint64_t time =
      number_at(record.body, sample ? layout.time_in_sample : layout.time_in_other, !sample)
          .value_or(0);
  return time == ~std::uint64_t{0} ? 0 : time;
}

Bytes RecordDecoder::without_trailer(const RawRecord& record) const {
  const std::size_t trailer = layouts_[event_of(record).value_or(0)].trailer_size;
  return record.body.first(record.body.size() - std::min(trailer, record.body.size()));
}

Record RecordDecoder::decode_sample(const RawRecord& record) const {
  const auto place = event_of(record);
  if (!place) return Damaged{"a sample of an event that the file does not describe"};
  const EventAttr& event = data_->events[*place];
  ByteReader reader(record.body);
  Sample sample;
  sample.event = *place;
  sample.mode = mode_of(record.misc);
  sample.period = event.sample_period;
  sample.pid = sample.tid = ~0u;
  if (event.has(PERF_SAMPLE_IDENTIFIER)) reader.skip(8);
  sample.ip = reader.u64();
  if (event.has(PERF_SAMPLE_TID)) {
    sample.pid = reader.u32();
    sample.tid = reader.u32();
  }
  reader.skip(8 * fields(event, PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
                                    PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU));
  if (event.has(PERF_SAMPLE_PERIOD)) sample.period = reader.u64();
  if (event.has(PERF_SAMPLE_READ)) skip_read(reader, event.read_format);
  if (event.has(PERF_SAMPLE_CALLCHAIN)) {
    const std::uint64_t count = reader.u64();
    if (count > reader.left() / 8) return Damaged{"a call chain longer than its sample"};
    sample.chain = NumberList(reader.take(count * 8));
  }
  // All that may follow is of no interest.
  if (!reader.ok()) return Damaged{"a sample too short for its fields"};
  return sample;
}

Record RecordDecoder::decode_mmap(const RawRecord& record, Bytes body) const {
  ByteReader reader(body);
  Mmap map;
  map.mode = mode_of(record.misc);
  map.pid = reader.u32();
  reader.u32();  // thread
  map.start = reader.u64();
  map.size = reader.u64();
  map.file_offset = reader.u64();
  if (record.type == PERF_RECORD_MMAP2) {
    ByteReader file(reader.take(24));
    if ((record.misc & PERF_RECORD_MISC_MMAP_BUILD_ID) != 0) {
      const std::uint32_t size = file.u32() & 0xff;
      map.build_id = file.take(size <= 20 ? size : 0);
    }
    reader.skip(8);  // protection, flags
  }
  map.path = reader.text();
  if (!reader.ok()) return Damaged{"a mapping too short for its fields"};
  return map;
}

Record RecordDecoder::decode(const RawRecord& record) const {
  if (record.type == PERF_RECORD_SAMPLE) return decode_sample(record);
  if (record.type >= kFirstOwnRecord) return Other{};
  const Bytes body = without_trailer(record);
  ByteReader reader(body);
  switch (record.type) {
    case PERF_RECORD_MMAP:
    case PERF_RECORD_MMAP2:
      return decode_mmap(record, body);
    case PERF_RECORD_COMM: {
      Comm comm;
      comm.pid = reader.u32();
      comm.tid = reader.u32();
      comm.exec = (record.misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
      comm.name = reader.text();
      if (!reader.ok()) return Damaged{"a command name too short for its fields"};
      return comm;
    }
    case PERF_RECORD_FORK: {
      Fork fork;
      fork.pid = reader.u32();
      fork.parent_pid = reader.u32();
      fork.tid = reader.u32();
      fork.parent_tid = reader.u32();
      fork.same_maps = (record.misc & PERF_RECORD_MISC_FORK_EXEC) == 0;
      if (!reader.ok()) return Damaged{"a fork too short for its fields"};
      return fork;
    }
    case PERF_RECORD_LOST:
      reader.skip(8);  // id
      [[fallthrough]];
    case PERF_RECORD_LOST_SAMPLES: {
      const Lost lost{reader.u64()};
      if (!reader.ok()) return Damaged{"a loss too short for its fields"};
      return lost;
    }
    case PERF_RECORD_THROTTLE:
      return Throttled{};
    default:
      return Other{};
  }
}

}  // namespace perfctr::report
