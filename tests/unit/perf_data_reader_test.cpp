// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The outer layer of perf.data: what is refused and why, and what is read.
#include "skip.hpp"

#include "perf_data_image.hpp"
#include "perf_data_reader.hpp"

namespace perfctr::test {
namespace {

using namespace perfctr::report;

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// `file` with a number at `offset` replaced.
std::string patched(std::string file, std::size_t offset, std::uint64_t value) {
  return file.replace(offset, 8, Packer().u64(value).bytes());
}

void expect_refusal(const std::string& file, const std::string& part) {
  const auto data = open_perf_data(bytes_of(file));
  CPPUNIT_ASSERT_MESSAGE(part, !data);
  CPPUNIT_ASSERT_MESSAGE(data.error().message + " has no '" + part + "'",
                         data.error().message.find(part) != std::string::npos);
  CPPUNIT_ASSERT_MESSAGE(data.error().message, !data.error().remedy.empty());
}

class PerfDataReaderTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PerfDataReaderTest);
  CPPUNIT_TEST(numbers_and_texts);
  CPPUNIT_TEST(not_a_recording);
  CPPUNIT_TEST(bad_headers);
  CPPUNIT_TEST(events_and_ids);
  CPPUNIT_TEST(ids_that_overlap);
  CPPUNIT_TEST(old_attr);
  CPPUNIT_TEST(features);
  CPPUNIT_TEST(bad_features);
  CPPUNIT_TEST(stream);
  CPPUNIT_TEST(compressed);
  CPPUNIT_TEST(unfinished_and_cut_off);
  CPPUNIT_TEST(records_in_order);
  CPPUNIT_TEST(records_with_payload);
  CPPUNIT_TEST(bad_record_sizes);
  CPPUNIT_TEST_SUITE_END();

 public:
  void numbers_and_texts() {
    const std::string text =
        Packer().u16(0x0201).u32(0x06050403).raw(std::string("ab\0c", 4)).bytes();
    ByteReader reader(bytes_of(text));
    CPPUNIT_ASSERT_EQUAL(std::uint16_t{0x0201}, reader.u16());
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{0x06050403}, reader.u32());
    CPPUNIT_ASSERT_EQUAL(std::string("ab"), std::string(reader.text()));
    // "c" has no end.
    CPPUNIT_ASSERT(reader.text().empty() && !reader.ok());
    // Once wrong, it stays so, whatever there is left.
    CPPUNIT_ASSERT_EQUAL(std::uint8_t{0}, reader.read<std::uint8_t>());

    ByteReader shorter(bytes_of(text).first(3));
    shorter.u16();
    CPPUNIT_ASSERT(shorter.ok());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, shorter.u64());
    CPPUNIT_ASSERT(!shorter.ok());
    CPPUNIT_ASSERT(ByteReader(bytes_of(text)).take(~std::uint64_t{0}).empty());

    const Bytes ten = bytes_of(text);
    CPPUNIT_ASSERT(report::contains(ten, 10, 0) && !report::contains(ten, 11, 0));
    CPPUNIT_ASSERT(!report::contains(ten, 2, ~std::uint64_t{0}));
    CPPUNIT_ASSERT(!report::contains(ten, ~std::uint64_t{0}, 2));
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, clipped(ten, 8, ~std::uint64_t{0}).size());
    CPPUNIT_ASSERT(clipped(ten, 10, 1).empty());
  }

  void not_a_recording() {
    expect_refusal("", "empty");
    expect_refusal("PERF", "not a perf.data file");
    expect_refusal("#!/bin/sh\nexit 0\n", "not a perf.data file");
    expect_refusal("2ELIFREP" + std::string(100, 0), "big-endian");
    expect_refusal("PERFFILE" + std::string(100, 0), "first perf.data format");
  }

  void bad_headers() {
    const std::string file = image_of_everything().file();
    expect_refusal(file.substr(0, 12), "ends within its header");
    expect_refusal(file.substr(0, 103), "103 bytes of 104");
    expect_refusal(patched(file, 8, 105), "105 bytes, where 104 are known");
    expect_refusal(patched(file, 16, 0), "events 0 bytes each");
    expect_refusal(patched(file, 16, ~std::uint64_t{0}), "not possible");
    expect_refusal(patched(file, 24, 1 << 20), "outside the file");
    expect_refusal(patched(file, 24, ~std::uint64_t{0} - 10), "outside the file");
    expect_refusal(patched(file, 32, ~std::uint64_t{0} - 10), "outside the file");
    expect_refusal(patched(file, 32, 0), "describes no event");
    expect_refusal(patched(file, 40, 1 << 20), "behind the end of the file");
  }

  void events_and_ids() {
    PerfDataImage image({ImageEvent{.ids = {5, 6}},
                         ImageEvent{.type = PERF_TYPE_RAW, .config = 0x1c0, .ids = {7}},
                         ImageEvent{.type = PERF_TYPE_SOFTWARE, .config = 0, .ids = {}},
                         ImageEvent{.type = 17, .config = 99, .ids = {}}});
    const std::string file = image.file();
    const auto data = open_perf_data(bytes_of(file));
    CPPUNIT_ASSERT(data.ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, data->events.size());
    CPPUNIT_ASSERT_EQUAL(std::string("instructions"), data->events[0].name);
    CPPUNIT_ASSERT_EQUAL(std::string("r1c0"), data->events[1].name);
    CPPUNIT_ASSERT_EQUAL(std::string("cpu-clock"), data->events[2].name);
    CPPUNIT_ASSERT_EQUAL(std::string("type 17 config 0x63"), data->events[3].name);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, data->event_of_id.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, data->event_of_id.at(6));
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, data->event_of_id.at(7));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1000}, data->events[0].sample_period);
    CPPUNIT_ASSERT(data->damage.empty());
  }

  void ids_that_overlap() {
    // Each event says that the whole file are its ids.
    PerfDataImage image(std::vector<ImageEvent>(50, ImageEvent{.ids = {}}));
    std::string file = image.file();
    for (std::size_t i = 0; i < 50; ++i) {
      const std::size_t entry = 104 + i * (PerfDataImage::kAttrSize + 16);
      file = patched(file, entry + PerfDataImage::kAttrSize, 0);
      file = patched(file, entry + PerfDataImage::kAttrSize + 8, file.size() / 2);
    }
    expect_refusal(file, "no room for");
    expect_refusal(patched(image_of_everything().file(), 104 + 16 + 112 + 8, 1 << 30),
                   "no room for");
  }

  void old_attr() {
    // The attr of kernel 2.6.31 has 64 bytes.
    const std::string attr = PerfDataImage::attr(ImageEvent{}).substr(0, 64);
    Packer out;
    out.raw("PERFILE2").u64(104).u64(80).u64(104).u64(80).u64(184).u64(0).u64(0).u64(0);
    out.raw(std::string(32, 0)).raw(attr).u64(0).u64(0);
    const std::string file = out.bytes();
    const auto data = open_perf_data(bytes_of(file));
    CPPUNIT_ASSERT(data.ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, data->events.size());
    CPPUNIT_ASSERT(data->events[0].sample_id_all);
  }

  void features() {
    PerfDataImage image = image_of_everything();
    const std::string id(20, 'x');
    PerfDataImage build_ids;
    build_ids.record(67, 0, Packer().u32(~0u).raw(id).u32(0).padded("/bin/whole").bytes());
    build_ids.record(67, 1 << 15, Packer().u32(10).raw(id).u32(8).padded("/bin/short").bytes());
    image.features = {{2, build_ids.records},
                      {3, PerfDataImage::feature_text("guest")},
                      {5, "not known"},
                      {11, Packer()
                               .u32(2)
                               .raw(PerfDataImage::feature_text("perfctr"))
                               .raw(PerfDataImage::feature_text("record"))
                               .bytes()},
                      {12, image.event_names({"first", "second"})},
                      {200, "not known either"}};
    const std::string file = image.file();
    const auto data = open_perf_data(bytes_of(file));
    CPPUNIT_ASSERT(data.ok() && data->damage.empty());
    CPPUNIT_ASSERT_EQUAL(std::string("guest"), data->hostname);
    CPPUNIT_ASSERT_EQUAL(std::string("perfctr record"), data->command);
    CPPUNIT_ASSERT_EQUAL(std::string("first"), data->events[0].name);
    CPPUNIT_ASSERT_EQUAL(std::string("second"), data->events[1].name);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, data->build_ids.size());
    CPPUNIT_ASSERT_EQUAL(std::string("/bin/whole"), data->build_ids[0].path);
    CPPUNIT_ASSERT_EQUAL(std::size_t{20}, data->build_ids[0].id.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{8}, data->build_ids[1].id.size());
  }

  void bad_features() {
    PerfDataImage image = image_of_everything();
    // Contents that are nonsense are left out.
    image.features = {{2, "xx"},
                      {3, Packer().u32(~0u).bytes()},
                      {11, Packer().u32(~0u).bytes()},
                      {12, Packer().u32(~0u).u32(~0u).raw("abc").bytes()}};
    const std::string file = image.file();
    const auto data = open_perf_data(bytes_of(file));
    CPPUNIT_ASSERT(data.ok() && data->damage.empty());
    CPPUNIT_ASSERT_EQUAL(std::string("instructions"), data->events[0].name);
    CPPUNIT_ASSERT(data->command.empty() && data->hostname.empty());
    // A table that is not there is damage.
    const std::string cut = file.substr(0, file.size() - 30);
    const auto less = open_perf_data(bytes_of(cut));
    CPPUNIT_ASSERT(less.ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, less->damage.size());
  }

  void stream() {
    const std::string file = image_of_everything().stream();
    const auto data = open_perf_data(bytes_of(file));
    CPPUNIT_ASSERT(data.ok() && data->damage.empty());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, data->events.size());
    CPPUNIT_ASSERT_EQUAL(std::string("cycles:ukh"), data->events[1].name);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, data->event_of_id.at(2));
    expect_refusal(file.substr(0, 16), "describes no event");
    expect_refusal(Packer().raw("PERFILE2").u64(16).u32(64).u16(0).u16(16).u64(0).bytes(),
                   "too short");
  }

  void compressed() {
    PerfDataImage image = image_of_everything();
    image.features.emplace_back(27, std::string(20, 0));
    expect_refusal(image.file(), "compressed");
  }

  void unfinished_and_cut_off() {
    const PerfDataImage image = image_of_everything();
    const std::string file = image.file();
    const std::string open = patched(file, 48, 0);
    const auto unfinished = open_perf_data(bytes_of(open));
    CPPUNIT_ASSERT(unfinished.ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, unfinished->damage.size());
    CPPUNIT_ASSERT(unfinished->records.size() >= image.records.size());

    const std::size_t begin = file.size() - image.records.size();
    const std::string cut = file.substr(0, begin);
    const auto less = open_perf_data(bytes_of(cut));
    CPPUNIT_ASSERT(less.ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, less->damage.size());
    CPPUNIT_ASSERT(less->damage[0].find("cut off") != std::string::npos);
  }

  void records_in_order() {
    PerfDataImage image;
    image.record(9, 2, "12345678").record(68, 0, "").record(1, 3, "abc");
    RecordCursor cursor(bytes_of(image.records), 1000);
    const auto first = cursor.next();
    CPPUNIT_ASSERT(first && first->type == 9 && first->misc == 2 && first->body.size() == 8);
    const auto second = cursor.next();
    CPPUNIT_ASSERT(second && second->type == 68 && second->body.empty());
    const auto third = cursor.next();
    CPPUNIT_ASSERT(third && third->offset == 24 && third->body.size() == 3);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, record_at(bytes_of(image.records), 24).type);
    CPPUNIT_ASSERT(!cursor.next() && cursor.damage().empty());
  }

  void records_with_payload() {
    PerfDataImage image;
    image.record(71, 0, Packer().u64(5).u64(0).bytes());
    image.records += "trace";
    image.record(66, 0, Packer().u32(3).bytes());
    image.records += std::string(8, 't');
    image.record(9, 0, "");
    RecordCursor cursor(bytes_of(image.records), 0);
    CPPUNIT_ASSERT_EQUAL(71u, cursor.next()->type);
    CPPUNIT_ASSERT_EQUAL(66u, cursor.next()->type);
    CPPUNIT_ASSERT_EQUAL(9u, cursor.next()->type);
    // More trace than there is file.
    PerfDataImage more;
    more.record(71, 0, Packer().u64(~std::uint64_t{0}).u64(0).bytes()).record(9, 0, "");
    RecordCursor other(bytes_of(more.records), 0);
    CPPUNIT_ASSERT(!other.next() && !other.damage().empty());
  }

  void bad_record_sizes() {
    const auto damage_of = [](const std::string& records) {
      RecordCursor cursor(bytes_of(records), 1000);
      while (cursor.next()) {
      }
      return cursor.damage();
    };
    CPPUNIT_ASSERT(damage_of(Packer().u32(9).u16(0).u16(8).bytes()).empty());
    CPPUNIT_ASSERT(damage_of("1234567").find("offset 1000") != std::string::npos);
    for (const unsigned size : {0u, 7u}) {
      const std::string damage =
          damage_of(Packer().u32(9).u16(0).u16(8).u32(9).u16(0).u16(size).bytes());
      CPPUNIT_ASSERT(damage.find("offset 1008") != std::string::npos);
      CPPUNIT_ASSERT(damage.find(std::to_string(size) + " bytes") != std::string::npos);
    }
    CPPUNIT_ASSERT(damage_of(Packer().u32(9).u16(0).u16(9).bytes()).find("cut off") !=
                   std::string::npos);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PerfDataReaderTest);

}  // namespace
}  // namespace perfctr::test
