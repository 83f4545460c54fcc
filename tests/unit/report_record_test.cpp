// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The inner layer of perf.data: fields of records for all that an event may
// record, and how records find their event.
#include "skip.hpp"

#include "perf_data_image.hpp"
#include "record_decoder.hpp"

namespace perfctr::test {
namespace {

using namespace perfctr::report;

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Keeps what a decoder points into.
struct Decoded {
  explicit Decoded(const PerfDataImage& image)
      : file(image.file()),
        data(std::move(*open_perf_data(bytes_of(file)))),
        decoder(RecordDecoder::create(data)) {
    CPPUNIT_ASSERT_MESSAGE(decoder ? "" : decoder.error().message, decoder.ok());
    RecordCursor cursor(data.records, 0);
    while (const auto record = cursor.next()) raw.push_back(*record);
  }
  Record record(std::size_t i) const { return decoder->decode(raw.at(i)); }
  Sample sample(std::size_t i) const {
    const Record decoded = record(i);
    if (const auto* damaged = std::get_if<Damaged>(&decoded)) CPPUNIT_FAIL(damaged->what);
    return std::get<Sample>(decoded);
  }

  std::string file;
  PerfData data;
  Result<RecordDecoder> decoder;
  std::vector<RawRecord> raw;
};

std::string refusal(const std::vector<ImageEvent>& events) {
  const std::string file = PerfDataImage(events).file();
  const auto data = open_perf_data(bytes_of(file));
  const auto decoder = RecordDecoder::create(*data);
  return decoder ? "" : decoder.error().message;
}

class ReportRecordTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ReportRecordTest);
  CPPUNIT_TEST(all_fields_before_the_chain);
  CPPUNIT_TEST(read_formats);
  CPPUNIT_TEST(period_of_the_event);
  CPPUNIT_TEST(short_samples);
  CPPUNIT_TEST(ids_choose_the_event);
  CPPUNIT_TEST(id_without_identifier);
  CPPUNIT_TEST(layouts_that_differ);
  CPPUNIT_TEST(mappings);
  CPPUNIT_TEST(tasks);
  CPPUNIT_TEST(others);
  CPPUNIT_TEST(short_records);
  CPPUNIT_TEST(times);
  CPPUNIT_TEST_SUITE_END();

 public:
  void all_fields_before_the_chain() {
    // Every combination of the optional fields, in the order of the kernel.
    for (unsigned set = 0; set < 1024; ++set) {
      std::uint64_t type = PERF_SAMPLE_IP;
      Packer body;
      const auto field = [&](unsigned bit, std::uint64_t flag) {
        if ((set >> bit & 1) != 0) type |= flag;
        return (set >> bit & 1) != 0;
      };
      if (field(0, PERF_SAMPLE_IDENTIFIER)) body.u64(1);
      body.u64(0xabc);
      if (field(1, PERF_SAMPLE_TID)) body.u32(70).u32(71);
      if (field(2, PERF_SAMPLE_TIME)) body.u64(9999);
      if (field(3, PERF_SAMPLE_ADDR)) body.u64(0xaddadd);
      if (field(4, PERF_SAMPLE_ID)) body.u64(1);
      if (field(5, PERF_SAMPLE_STREAM_ID)) body.u64(0x5157);
      if (field(6, PERF_SAMPLE_CPU)) body.u32(3).u32(0);
      if (field(7, PERF_SAMPLE_PERIOD)) body.u64(4321);
      if (field(8, PERF_SAMPLE_READ)) body.u64(0x4ead);
      if (field(9, PERF_SAMPLE_CALLCHAIN)) body.u64(2).u64(0x11).u64(0x22);
      PerfDataImage image({ImageEvent{.sample_type = type | PERF_SAMPLE_RAW}});
      image.record(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, body.u32(4).raw("raw!").bytes());
      const Decoded decoded(image);
      const Sample sample = decoded.sample(0);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0xabc}, sample.ip);
      CPPUNIT_ASSERT(sample.mode == Mode::kKernel);
      CPPUNIT_ASSERT_EQUAL((set & 2) != 0 ? 71u : ~0u, sample.tid);
      CPPUNIT_ASSERT_EQUAL((set & 4) != 0 ? 9999u : 0u,
                           unsigned(decoded.decoder->time_of(decoded.raw[0])));
      CPPUNIT_ASSERT_EQUAL((set & 128) != 0 ? 4321u : 1000u, unsigned(sample.period));
      CPPUNIT_ASSERT_EQUAL((set & 512) != 0 ? 2u : 0u, unsigned(sample.chain.size()));
      if (sample.chain.size() > 0) CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x22}, sample.chain[1]);
    }
  }

  void read_formats() {
    for (unsigned format = 0; format < 32; ++format) {
      const bool group = (format & PERF_FORMAT_GROUP) != 0;
      Packer body;
      body.u64(0xabc);
      if (group) body.u64(3);
      if (!group) body.u64(0x4ead);
      if ((format & PERF_FORMAT_TOTAL_TIME_ENABLED) != 0) body.u64(1);
      if ((format & PERF_FORMAT_TOTAL_TIME_RUNNING) != 0) body.u64(1);
      for (int i = 0; i < (group ? 3 : 1); ++i) {
        if (group) body.u64(0x4ead);
        if ((format & PERF_FORMAT_ID) != 0) body.u64(1);
        if ((format & PERF_FORMAT_LOST) != 0) body.u64(1);
      }
      body.u64(1).u64(0xc4a1);
      PerfDataImage image(
          {ImageEvent{.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN,
                      .read_format = format}});
      image.record(PERF_RECORD_SAMPLE, 0, body.bytes());
      const Sample sample = Decoded(image).sample(0);
      CPPUNIT_ASSERT_EQUAL(std::size_t{1}, sample.chain.size());
    }
    // A number of values whose size wraps.
    for (const std::uint64_t count :
         {~std::uint64_t{0}, std::uint64_t{1} << 61, std::uint64_t{3}}) {
      PerfDataImage image(
          {ImageEvent{.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN,
                      .read_format = PERF_FORMAT_GROUP}});
      image.record(PERF_RECORD_SAMPLE, 0, Packer().u64(1).u64(count).u64(0).bytes());
      CPPUNIT_ASSERT(std::holds_alternative<Damaged>(Decoded(image).record(0)));
    }
  }

  void period_of_the_event() {
    PerfDataImage image({ImageEvent{.period = 77, .sample_type = PERF_SAMPLE_IP}});
    image.record(PERF_RECORD_SAMPLE, 0, Packer().u64(0xabc).bytes());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{77}, Decoded(image).sample(0).period);
  }

  void short_samples() {
    PerfDataImage image;
    image.sample(1, 1, 2, 3, 4, {5, 6});
    const std::string whole = image.records;
    for (std::size_t size = 0; size + 8 < whole.size(); ++size) {
      PerfDataImage less;
      less.record(PERF_RECORD_SAMPLE, 0, whole.substr(8, size));
      CPPUNIT_ASSERT(std::holds_alternative<Damaged>(Decoded(less).record(0)));
    }
    // A chain that says it is longer than all memory.
    PerfDataImage more;
    more.record(PERF_RECORD_SAMPLE, 0,
                Packer().u64(1).u64(2).u64(3).u64(4).u64(5).u64(~std::uint64_t{0}).u64(6).bytes());
    CPPUNIT_ASSERT(std::holds_alternative<Damaged>(Decoded(more).record(0)));
  }

  void ids_choose_the_event() {
    PerfDataImage image({ImageEvent{.ids = {1, 3}}, ImageEvent{.ids = {2}}});
    for (const std::uint64_t id : {1, 2, 3, 0, 9}) image.sample(1, 1, 2, 3, 4, {}, 2, id);
    const Decoded decoded(image);
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, decoded.sample(0).event);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, decoded.sample(1).event);
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, decoded.sample(2).event);
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, decoded.sample(3).event);
    CPPUNIT_ASSERT(std::holds_alternative<Damaged>(decoded.record(4)));
  }

  void id_without_identifier() {
    // ID lies behind what the event has before it, and the time in other records
    // before what it has behind.
    constexpr std::uint64_t kType =
        PERF_SAMPLE_IP | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID | PERF_SAMPLE_CPU;
    PerfDataImage image({ImageEvent{.sample_type = kType, .ids = {1}},
                         ImageEvent{.sample_type = kType, .ids = {2}}});
    image.record(PERF_RECORD_SAMPLE, 0, Packer().u64(7).u64(55).u64(8).u64(2).u64(0).bytes());
    image.record(PERF_RECORD_COMM, 0,
                 Packer().u32(1).u32(1).padded("x").u64(66).u64(2).u64(0).bytes());
    const Decoded decoded(image);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, decoded.sample(0).event);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{55}, decoded.decoder->time_of(decoded.raw[0]));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{66}, decoded.decoder->time_of(decoded.raw[1]));
  }

  void layouts_that_differ() {
    constexpr std::uint64_t kPlain = PERF_SAMPLE_IP | PERF_SAMPLE_TIME;
    const auto event = [](std::uint64_t type) { return ImageEvent{.sample_type = type}; };
    CPPUNIT_ASSERT_EQUAL(std::string(), refusal({event(kPlain), event(kPlain)}));
    CPPUNIT_ASSERT(refusal({event(kPlain), event(kPlain | PERF_SAMPLE_CPU)}).find("no ids") !=
                   std::string::npos);
    CPPUNIT_ASSERT(
        refusal({event(kPlain | PERF_SAMPLE_ID), event(kPlain | PERF_SAMPLE_ID | PERF_SAMPLE_ADDR)})
            .find("different places") != std::string::npos);
    CPPUNIT_ASSERT(refusal({event(kPlain | PERF_SAMPLE_IDENTIFIER),
                            event(kPlain | PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_ADDR)})
                       .empty());
    CPPUNIT_ASSERT(refusal({event(PERF_SAMPLE_TIME)}).find("no instruction address") !=
                   std::string::npos);
    ImageEvent other = event(kPlain);
    other.sample_id_all = false;
    CPPUNIT_ASSERT(!refusal({event(kPlain), other}).empty());
  }

  void mappings() {
    PerfDataImage image;
    image.mmap(10, 0x1000, 0x2000, 0x3000, "/lib/a.so", 5).mmap2(11, 1, 2, 3, "/lib/b.so", 6);
    image.mmap2(12, 1, 2, 3, "/lib/c.so", 7, "0123456789");
    image.mmap(~0u, 4, 5, 6, "[kernel.kallsyms]_text", 0, PERF_RECORD_MISC_KERNEL);
    const Decoded decoded(image);
    const Mmap first = std::get<Mmap>(decoded.record(0));
    CPPUNIT_ASSERT_EQUAL(10u, first.pid);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x2000}, first.size);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x3000}, first.file_offset);
    CPPUNIT_ASSERT_EQUAL(std::string("/lib/a.so"), std::string(first.path));
    const Mmap second = std::get<Mmap>(decoded.record(1));
    CPPUNIT_ASSERT_EQUAL(std::string("/lib/b.so"), std::string(second.path));
    CPPUNIT_ASSERT(second.build_id.empty());
    CPPUNIT_ASSERT_EQUAL(
        std::string("0123456789"),
        std::string(ByteReader::as_text(std::get<Mmap>(decoded.record(2)).build_id)));
    CPPUNIT_ASSERT(std::get<Mmap>(decoded.record(3)).mode == Mode::kKernel);
  }

  void tasks() {
    PerfDataImage image;
    image.comm(3, 4, "name", 5, true).fork(5, 6, 7, 8, 9).fork(5, 6, 7, 8, 9, 1 << 13);
    const Decoded decoded(image);
    const Comm comm = std::get<Comm>(decoded.record(0));
    CPPUNIT_ASSERT(comm.pid == 3 && comm.tid == 4 && comm.exec && comm.name == "name");
    const Fork fork = std::get<Fork>(decoded.record(1));
    CPPUNIT_ASSERT(fork.pid == 5 && fork.parent_pid == 6 && fork.tid == 7 && fork.parent_tid == 8);
    CPPUNIT_ASSERT(fork.same_maps && !std::get<Fork>(decoded.record(2)).same_maps);
  }

  void others() {
    PerfDataImage image;
    image.lost(12, 1).record(PERF_RECORD_LOST_SAMPLES, 0,
                             Packer().u64(13).raw(PerfDataImage::trailer(0, 0, 2)).bytes());
    image.record(PERF_RECORD_THROTTLE, 0, std::string(24, 0)).record(PERF_RECORD_EXIT, 0, "");
    image.record(68, 0, "").record(1234567, 0, "whatever");
    const Decoded decoded(image);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{12}, std::get<Lost>(decoded.record(0)).count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{13}, std::get<Lost>(decoded.record(1)).count);
    CPPUNIT_ASSERT(std::holds_alternative<Throttled>(decoded.record(2)));
    for (const std::size_t i : {3, 4, 5})
      CPPUNIT_ASSERT(std::holds_alternative<Other>(decoded.record(i)));
  }

  void short_records() {
    for (const std::uint32_t type :
         {PERF_RECORD_MMAP, PERF_RECORD_MMAP2, PERF_RECORD_COMM, PERF_RECORD_FORK, PERF_RECORD_LOST,
          PERF_RECORD_LOST_SAMPLES}) {
      for (std::size_t size = 0; size < 32; ++size) {
        PerfDataImage image;
        image.record(type, 0, std::string(size, 'x'));
        CPPUNIT_ASSERT(std::holds_alternative<Damaged>(Decoded(image).record(0)));
      }
    }
    // A name without an end must not run into the trailer.
    PerfDataImage image;
    image.record(
        PERF_RECORD_COMM, 0,
        Packer().u32(1).u32(1).raw("nameless").raw(PerfDataImage::trailer(1, 1, 1)).bytes());
    CPPUNIT_ASSERT(std::holds_alternative<Damaged>(Decoded(image).record(0)));
  }

  void times() {
    PerfDataImage image;
    image.comm(1, 1, "x", 5)
        .sample(1, 1, 2, 6)
        .comm(1, 1, "y", ~std::uint64_t{0})
        .record(68, 0, "");
    image.record(PERF_RECORD_COMM, 0, "short");
    const Decoded decoded(image);
    const std::uint64_t expected[] = {5, 6, 0, 0, 0};
    for (std::size_t i = 0; i < 5; ++i)
      CPPUNIT_ASSERT_EQUAL(expected[i], decoded.decoder->time_of(decoded.raw[i]));
    // Without sample_id_all only samples have a time.
    PerfDataImage plain({ImageEvent{.sample_id_all = false}});
    plain.record(PERF_RECORD_COMM, 0, Packer().u32(1).u32(1).padded("name").bytes());
    const Decoded none(plain);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, none.decoder->time_of(none.raw[0]));
    CPPUNIT_ASSERT(std::get<Comm>(none.record(0)).name == "name");
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReportRecordTest);

}  // namespace
}  // namespace perfctr::test
