// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The read algorithms over a fake PMC that can change the slot in the middle of
// a read, as an interrupt does.
#include "skip.hpp"

#include "perf_page.hpp"
#include "slot_algorithm.hpp"

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace perfctr::test {
namespace {

// rdpmc and rdtsc of a machine made up by the test.
struct FakePmc {
  static inline std::map<std::uint32_t, std::uint64_t> counters;
  static inline std::uint64_t tsc;
  static inline std::function<void()> at_rdpmc;  // an interrupt, once
  static inline std::function<void()> at_rdtsc;
  static inline unsigned reads;

  static void clear() {
    counters.clear();
    at_rdpmc = at_rdtsc = nullptr;
    tsc = reads = 0;
  }
  static std::uint64_t rdpmc(std::uint32_t index) noexcept {
    ++reads;
    const std::uint64_t value = counters.at(index);
    if (at_rdpmc) std::exchange(at_rdpmc, nullptr)();
    return value;
  }
  static std::uint64_t rdtsc() noexcept {
    const std::uint64_t value = tsc;
    if (at_rdtsc) std::exchange(at_rdtsc, nullptr)();
    return value;
  }
};
static_assert(Pmc<FakePmc>);
static_assert(Pmc<HardwarePmc>);

class ReaderTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ReaderTest);
  CPPUNIT_TEST(sign_extension);
  CPPUNIT_TEST(running_counter);
  CPPUNIT_TEST(counter_below_zero);
  CPPUNIT_TEST(stopped_lost_and_revoked_sets_use_the_offset);
  CPPUNIT_TEST(epoch_change_in_the_middle_is_retried);
  CPPUNIT_TEST(snapshot_is_retried_as_a_whole);
  CPPUNIT_TEST(set_stopped_in_the_middle);
  CPPUNIT_TEST(time_excludes_stolen_ticks);
  CPPUNIT_TEST(time_is_retried);
  CPPUNIT_TEST(time_without_a_record);
  CPPUNIT_TEST(perf_page);
  CPPUNIT_TEST(perf_page_retries);
  CPPUNIT_TEST(perf_page_off_the_pmu);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    FakePmc::clear();
    slot_ = {};
    slot_.epoch = 7;
    slot_.state = PERFCTR_STATE_RUNNING;
    slot_.abi = PERFCTR_ABI_VERSION;
  }

  void sign_extension() {
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, sign_extend(0, 48));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{-1}, sign_extend(0xffffffffffff, 48));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0x7fffffffffff}, sign_extend(0x7fffffffffff, 48));
    CPPUNIT_ASSERT_EQUAL(-(std::int64_t{1} << 47), sign_extend(0x800000000000, 48));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{-1}, sign_extend(0xffffffffff, 40));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0x7fffffffff}, sign_extend(0x7fffffffff, 40));
    CPPUNIT_ASSERT_EQUAL(-(std::int64_t{1} << 39), sign_extend(0x8000000000, 40));
    // Bits above the width are not the counter's.
    CPPUNIT_ASSERT_EQUAL(std::int64_t{5}, sign_extend(0xffff000000000005, 48));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{-1}, sign_extend(~std::uint64_t{0}, 64));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{-1}, sign_extend(1, 1));
  }

  void running_counter() {
    set(0, 3, 1000);
    set(1, 0x40000001, 50);
    FakePmc::counters = {{3, 234}, {0x40000001, 5}};
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1234}, read_slot<FakePmc>(slot_, 0, 48));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{55}, read_slot<FakePmc>(slot_, 1, 48));
  }

  void counter_below_zero() {
    // Counters start far below zero, so that their interrupt comes before a wrap.
    const std::uint64_t start48 = std::uint64_t{1} << 47;
    set(0, 0, start48 + 10);
    FakePmc::counters = {{0, start48 + 32}};  // -2^47 + 32
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{42}, read_slot<FakePmc>(slot_, 0, 48));
    const std::uint64_t start40 = std::uint64_t{1} << 39;
    set(0, 0, start40 + 10);
    FakePmc::counters = {{0, start40 + 32}};
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{42}, read_slot<FakePmc>(slot_, 0, 40));
    // Reads go on growing across zero.
    set(0, 0, 100);
    FakePmc::counters = {{0, 0xffffffffffff}};
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{99}, read_slot<FakePmc>(slot_, 0, 48));
    FakePmc::counters = {{0, 0}};
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{100}, read_slot<FakePmc>(slot_, 0, 48));
  }

  void stopped_lost_and_revoked_sets_use_the_offset() {
    for (const std::uint32_t state :
         {PERFCTR_STATE_STOPPED, PERFCTR_STATE_LOST, PERFCTR_STATE_REVOKED, PERFCTR_STATE_EXITED}) {
      slot_.state = state;
      set(0, PERFCTR_NO_RDPMC, 4711);
      set(1, PERFCTR_NO_RDPMC | 3, 12);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{4711}, read_slot<FakePmc>(slot_, 0, 48));
      std::uint64_t values[2];
      read_slot_all<FakePmc>(slot_, values, 2, 48);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{4711}, values[0]);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{12}, values[1]);
      CPPUNIT_ASSERT_EQUAL(0u, FakePmc::reads);
    }
  }

  void epoch_change_in_the_middle_is_retried() {
    set(0, 2, 1000);
    FakePmc::counters = {{2, 50}};
    // The thread is switched out and in again: folded, and on another counter.
    FakePmc::at_rdpmc = [this] {
      ++slot_.epoch;
      set(0, 5, 1050);
      FakePmc::counters = {{5, 7}};
    };
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1057}, read_slot<FakePmc>(slot_, 0, 48));
    CPPUNIT_ASSERT_EQUAL(2u, FakePmc::reads);
  }

  void snapshot_is_retried_as_a_whole() {
    for (unsigned i = 0; i < 4; ++i) set(i, i, 100 * i);
    FakePmc::counters = {{0, 1}, {1, 1}, {2, 1}, {3, 1}};
    FakePmc::at_rdpmc = [this] {
      ++slot_.epoch;
      FakePmc::counters = {{0, 9}, {1, 9}, {2, 9}, {3, 9}};
    };
    std::uint64_t values[4];
    read_slot_all<FakePmc>(slot_, values, 4, 48);
    for (unsigned i = 0; i < 4; ++i) CPPUNIT_ASSERT_EQUAL(std::uint64_t{100 * i + 9}, values[i]);
    CPPUNIT_ASSERT_EQUAL(8u, FakePmc::reads);
  }

  void set_stopped_in_the_middle() {
    set(0, 1, 1000);
    FakePmc::counters = {{1, 20}};
    FakePmc::at_rdpmc = [this] {
      ++slot_.epoch;
      slot_.state = PERFCTR_STATE_STOPPED;
      set(0, PERFCTR_NO_RDPMC, 1021);
      FakePmc::counters.clear();  // a read would fault now
    };
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1021}, read_slot<FakePmc>(slot_, 0, 48));
  }

  void time_excludes_stolen_ticks() {
    const auto mapping = with_record();
    auto& slot = *reinterpret_cast<perfctr_slot*>(mapping->data());
    record(*mapping).stolen = 300;
    slot.time_offset = static_cast<std::uint64_t>(-1000);  // on the CPU since 1000
    FakePmc::tsc = 5000;
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3700}, read_slot_time<FakePmc>(slot));
  }

  void time_is_retried() {
    const auto mapping = with_record();
    auto& slot = *reinterpret_cast<perfctr_slot*>(mapping->data());
    FakePmc::tsc = 5000;
    // Xen takes the CPU away for 1000 ticks between the loads.
    FakePmc::at_rdtsc = [&] {
      record(*mapping).version += 2;
      record(*mapping).stolen += 1000;
      FakePmc::tsc += 1001;
    };
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5001}, read_slot_time<FakePmc>(slot));
    // The kernel switches threads.
    FakePmc::at_rdtsc = [&] {
      ++slot.epoch;
      slot.time_offset -= 500;
      FakePmc::tsc += 510;
    };
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5011}, read_slot_time<FakePmc>(slot));
  }

  void time_without_a_record() {
    slot_.time_offset = 77;
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{77}, read_slot_time<FakePmc>(slot_));
  }

  void perf_page() {
    perf_event_mmap_page one{}, two{};
    fill(one, 1, 100);
    fill(two, 5, std::int64_t{1} << 47);
    FakePmc::counters = {{0, 11}, {4, (std::uint64_t{1} << 47) + 3}};
    const perf_event_mmap_page* pages[] = {&one, &two};
    std::uint64_t values[2];
    CPPUNIT_ASSERT(read_perf_pages<FakePmc>(pages, values));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{111}, values[0]);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, values[1]);
    one.pmc_width = 40;
    FakePmc::counters[0] = 0xffffffffff;
    CPPUNIT_ASSERT(read_perf_pages<FakePmc>(pages, values));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{99}, values[0]);
  }

  void perf_page_retries() {
    perf_event_mmap_page one{}, two{};
    fill(one, 1, 100);
    fill(two, 2, 200);
    FakePmc::counters = {{0, 1}, {1, 1}};
    FakePmc::at_rdpmc = [&] {
      two.lock += 2;  // the page that was not read yet
      one.lock += 2;
      one.offset = 150;
    };
    const perf_event_mmap_page* pages[] = {&one, &two};
    std::uint64_t values[2];
    CPPUNIT_ASSERT(read_perf_pages<FakePmc>(pages, values));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{151}, values[0]);
    CPPUNIT_ASSERT_EQUAL(4u, FakePmc::reads);
  }

  void perf_page_off_the_pmu() {
    perf_event_mmap_page page{};
    const perf_event_mmap_page* pages[] = {&page};
    std::uint64_t value;
    fill(page, 0, 100);
    CPPUNIT_ASSERT(!read_perf_pages<FakePmc>(pages, &value));
    fill(page, 1, 100);
    page.cap_user_rdpmc = 0;
    CPPUNIT_ASSERT(!read_perf_pages<FakePmc>(pages, &value));
    fill(page, 1, 100);
    page.pmc_width = 0;
    CPPUNIT_ASSERT(!read_perf_pages<FakePmc>(pages, &value));
    CPPUNIT_ASSERT_EQUAL(0u, FakePmc::reads);
  }

 private:
  using Mapping = std::vector<unsigned char>;
  static constexpr std::uint32_t kRecordAt = 4096;

  void set(unsigned counter, std::uint32_t index, std::uint64_t offset) {
    slot_.counter[counter].index = index;
    slot_.counter[counter].offset = offset;
  }
  static void fill(perf_event_mmap_page& page, std::uint32_t index, std::int64_t offset) {
    page.index = index;
    page.offset = offset;
    page.pmc_width = 48;
    page.cap_user_rdpmc = 1;
  }
  // A slot and, a page further on, a time record.
  static std::unique_ptr<Mapping> with_record() {
    auto mapping = std::make_unique<Mapping>(kRecordAt + sizeof(perfctr_time_record));
    reinterpret_cast<perfctr_slot*>(mapping->data())->time_record = kRecordAt;
    return mapping;
  }
  static perfctr_time_record& record(Mapping& mapping) {
    return *reinterpret_cast<perfctr_time_record*>(mapping.data() + kRecordAt);
  }

  perfctr_slot slot_{};
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReaderTest);

}  // namespace
}  // namespace perfctr::test
