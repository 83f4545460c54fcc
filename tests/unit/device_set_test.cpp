// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The device backend against a kernel made up here: what it asks, what it makes
// of the answers, and that every refusal becomes a sentence with a remedy.
#include "skip.hpp"

#include "device_errors.hpp"
#include "device_set.hpp"

#include <public/perfctr.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace perfctr::test {
namespace {

// One descriptor of the module.
class FakeDevice final : public DeviceFile {
 public:
  int ioctl(unsigned long request, void* argument) override {
    calls.push_back(request);
    if (const auto failing = errors.find(request); failing != errors.end()) {
      if (request == PERFCTR_IOC_CONFIGURE) {
        auto& out = *static_cast<perfctr_config*>(argument);
        out.bad_counter = bad_counter;
        out.bad_field = bad_field;
      }
      return failing->second;
    }
    switch (request) {
      case PERFCTR_IOC_INFO: {
        auto& out = *static_cast<perfctr_info*>(argument);
        if (out.size != sizeof(out)) return EINVAL;
        out = info;
        return 0;
      }
      case PERFCTR_IOC_CONFIGURE:
        config = *static_cast<perfctr_config*>(argument);
        return config.size == sizeof(config) ? 0 : EINVAL;
      case PERFCTR_IOC_READ: {
        auto& out = *static_cast<perfctr_read*>(argument);
        if (out.size != sizeof(out)) return EINVAL;
        read.flags = out.flags;
        read.size = out.size;
        out = read;
        return 0;
      }
      case PERFCTR_IOC_READ_THREADS: {
        auto& out = *static_cast<perfctr_read_threads*>(argument);
        auto* room = reinterpret_cast<perfctr_thread*>(static_cast<std::uintptr_t>(out.threads));
        for (std::size_t i = 0; i < threads.size() && i < out.nr; ++i) room[i] = threads[i];
        out.nr = static_cast<std::uint32_t>(threads.size());
        return 0;
      }
      default:
        return 0;
    }
  }
  const void* map(std::size_t size, int* error) override {
    mapped_size = size;
    *error = map_error;
    return map_error == 0 ? &slot : nullptr;
  }
  void* map_buffer(std::size_t, int* error) override {
    *error = ENODEV;
    return nullptr;
  }
  int fd() const noexcept override { return -1; }

  perfctr_info info{};
  perfctr_config config{};
  perfctr_read read{};
  perfctr_slot slot{};
  std::vector<perfctr_thread> threads;
  std::vector<unsigned long> calls;
  std::map<unsigned long, int> errors;
  std::uint32_t bad_counter = 0, bad_field = 0;
  std::size_t mapped_size = 0;
  int map_error = 0;
};

struct Refusal {
  int line;
  int error;
  unsigned field;
  Errc code;
  const char* says;  // part of the message
};
const Refusal kRefusals[] = {
    {__LINE__, EINVAL, XEN_PERFCTR_BAD_EVENT, Errc::kReservedBits, "'branches:u'"},
    {__LINE__, EINVAL, XEN_PERFCTR_BAD_UNKNOWN, Errc::kUnknownEvent, "'branches:u'"},
    {__LINE__, EACCES, XEN_PERFCTR_BAD_TIER, Errc::kPolicy, "policy"},
    {__LINE__, EACCES, XEN_PERFCTR_BAD_DOMAIN, Errc::kBadDomain, "kernel or hypervisor"},
    {__LINE__, EINVAL, XEN_PERFCTR_BAD_MODE, Errc::kUnsupported, "sampling"},
    {__LINE__, EINVAL, XEN_PERFCTR_BAD_PERIOD, Errc::kBadPeriod, "2^46"},
    {__LINE__, ENOSPC, XEN_PERFCTR_BAD_FIT, Errc::kNoHardwareCounter, "number 2"},
    {__LINE__, EACCES, XEN_PERFCTR_BAD_ALLOW, Errc::kPolicy, "list of events"},
    {__LINE__, ENOSPC, XEN_PERFCTR_BAD_BUDGET, Errc::kNoHardwareCounter, "may use"},
    {__LINE__, ENOSPC, XEN_PERFCTR_BAD_TABLE, Errc::kBusy, "configurations"},
    {__LINE__, ENOSPC, 0, Errc::kNoHardwareCounter, "2 events"},
    {__LINE__, EACCES, 0, Errc::kNoPermission, "refused"},
    {__LINE__, EPERM, 0, Errc::kNoPermission, "not yours"},
    {__LINE__, EBUSY, 0, Errc::kBusy, "another set"},
    {__LINE__, EAGAIN, 0, Errc::kBusy, "one user may"},
    {__LINE__, ESRCH, 0, Errc::kNoThread, "no thread 42"},
    {__LINE__, ENODEV, 0, Errc::kDisabled, "off for this domain"},
    {__LINE__, EINVAL, XEN_PERFCTR_BAD_SIZE, Errc::kSystem, "refused"},
    {__LINE__, EINVAL, 99, Errc::kSystem, "field 99"},
};

class DeviceSetTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DeviceSetTest);
  CPPUNIT_TEST(another_abi_is_refused);
  CPPUNIT_TEST(configuration_is_handed_over);
  CPPUNIT_TEST(own_thread_is_mapped);
  CPPUNIT_TEST(other_threads_and_widths_are_not_mapped);
  CPPUNIT_TEST(refusals_become_sentences);
  CPPUNIT_TEST(open_errors_become_sentences);
  CPPUNIT_TEST(totals);
  CPPUNIT_TEST(failed_reads_are_no_zeros);
  CPPUNIT_TEST(states);
  CPPUNIT_TEST(threads_that_come_meanwhile);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    auto file = std::make_unique<FakeDevice>();
    device_ = file.get();
    file_ = std::move(file);
    device_->info.size = sizeof(perfctr_info);
    device_->info.abi = PERFCTR_ABI_VERSION;
    device_->info.width = 48;
    device_->info.mmap_size = 8192;
    device_->info.tsc_khz = 2000000;
    device_->slot.abi = PERFCTR_ABI_VERSION;
    device_->slot.state = PERFCTR_STATE_STOPPED;
    for (auto& counter : device_->slot.counter) counter.index = PERFCTR_NO_RDPMC;
  }

  void another_abi_is_refused() {
    device_->info.abi = PERFCTR_ABI_VERSION + 1;
    const auto set = DeviceSet::create(std::move(file_));
    CPPUNIT_ASSERT(!set.ok());
    CPPUNIT_ASSERT(set.error().code == Errc::kAbi);
    CPPUNIT_ASSERT(set.error().message.find("version 2") != std::string::npos);
  }

  void configuration_is_handed_over() {
    auto set = create();
    Options options{.inherit = true, .per_thread = true, .enable_on_exec = true};
    CPPUNIT_ASSERT(set->configure(events_, options).ok());
    const perfctr_config& config = device_->config;
    CPPUNIT_ASSERT_EQUAL(
        static_cast<unsigned>(PERFCTR_F_INHERIT | PERFCTR_F_PER_THREAD | PERFCTR_F_ENABLE_ON_EXEC),
        static_cast<unsigned>(config.flags));
    CPPUNIT_ASSERT_EQUAL(2u, static_cast<unsigned>(config.nr));
    CPPUNIT_ASSERT_EQUAL(0xc0u, static_cast<unsigned>(config.counter[0].event));
    CPPUNIT_ASSERT_EQUAL(kDomainUser | kDomainKernel,
                         static_cast<unsigned>(config.counter[0].domain));
    CPPUNIT_ASSERT_EQUAL(0xc4u, static_cast<unsigned>(config.counter[1].event));
    CPPUNIT_ASSERT_EQUAL(0u, static_cast<unsigned>(config.counter[1].zero));
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, device_->mapped_size);
  }

  void own_thread_is_mapped() {
    auto set = create();
    CPPUNIT_ASSERT(set->configure(events_, {}).ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{8192}, device_->mapped_size);
    CPPUNIT_ASSERT(set->slot() == &device_->slot);
    device_->slot.counter[1].offset = 99;
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{99}, Reader(set->slot()).read(1));
    CPPUNIT_ASSERT(Reader(set->slot()).direct());
  }

  void other_threads_and_widths_are_not_mapped() {
    auto set = create();
    CPPUNIT_ASSERT(set->configure(events_, {.tid = 42}).ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, device_->mapped_size);
    check_stand_in(*set);
    setUp();
    device_->info.width = 40;
    auto narrow = create();
    CPPUNIT_ASSERT(narrow->configure(events_, {}).ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, device_->mapped_size);
    check_stand_in(*narrow);
  }

  // Reads of a set without a mapping go through the kernel.
  void check_stand_in(const DeviceSet& set) {
    device_->read.nr = 2;
    device_->read.value[0] = 5;
    device_->read.value[1] = 6;
    const Reader reader(set.slot());
    CPPUNIT_ASSERT(!reader.direct());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, reader.read(1));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, reader.read_all<2>()[0]);
    CPPUNIT_ASSERT_EQUAL(static_cast<unsigned>(PERFCTR_READ_TARGET),
                         static_cast<unsigned>(device_->read.flags));
    device_->read.time_running = 1000;
    device_->read.time_stolen = 400;
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1200}, reader.time_ticks());
  }

  void refusals_become_sentences() {
    for (const Refusal& refusal : kRefusals) {
      setUp();
      device_->errors[PERFCTR_IOC_CONFIGURE] = refusal.error;
      device_->bad_field = refusal.field;
      device_->bad_counter = 1;
      auto set = create();
      const auto result = set->configure(events_, {.tid = 42});
      const std::string at = "line " + std::to_string(refusal.line);
      CPPUNIT_ASSERT_MESSAGE(at, !result.ok());
      const Error& error = result.error();
      CPPUNIT_ASSERT_EQUAL_MESSAGE(at + ": " + error.message, static_cast<unsigned>(refusal.code),
                                   static_cast<unsigned>(error.code));
      CPPUNIT_ASSERT_MESSAGE(at + ": " + error.message,
                             error.message.find(refusal.says) != std::string::npos);
      CPPUNIT_ASSERT_MESSAGE(at, !error.remedy.empty());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(at, refusal.error, error.sys_errno);
    }
  }

  void open_errors_become_sentences() {
    const struct {
      int error;
      Errc code;
      const char* remedy;
    } cases[] = {{ENOENT, Errc::kNoDevice, "modprobe perfctr"},
                 {ENODEV, Errc::kNoDevice, "modprobe perfctr"},
                 {EACCES, Errc::kNoPermission, "adduser"},
                 {EPERM, Errc::kNoPermission, "adduser"},
                 {EMFILE, Errc::kSystem, "perfctr info"}};
    for (const auto& each : cases) {
      const Error error = device_open_error(each.error, "/dev/perfctr");
      CPPUNIT_ASSERT(error.code == each.code);
      CPPUNIT_ASSERT(error.message.find("/dev/perfctr") != std::string::npos);
      CPPUNIT_ASSERT(error.remedy.find(each.remedy) != std::string::npos);
    }
  }

  void totals() {
    auto set = create();
    device_->read.nr = 2;
    device_->read.state = PERFCTR_STATE_EXITED;
    device_->read.value[1] = 321;
    device_->read.time_enabled = 3;
    device_->read.time_running = 2;
    device_->read.time_stolen = 1;
    device_->read.nr_threads = 7;
    device_->read.lost = 1;
    const auto reading = set->read(false);
    CPPUNIT_ASSERT(reading.ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, reading->values.size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{321}, reading->values[1]);
    CPPUNIT_ASSERT(reading->state == State::kExited);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, reading->time_enabled_ns);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, reading->time_running_ns);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, reading->time_stolen_ns);
    CPPUNIT_ASSERT_EQUAL(7u, reading->nr_threads);
    CPPUNIT_ASSERT_EQUAL(1u, reading->lost);
  }

  void failed_reads_are_no_zeros() {
    auto set = create();
    CPPUNIT_ASSERT(set->configure(events_, {.tid = 42}).ok());
    device_->errors[PERFCTR_IOC_READ] = ENODEV;
    const Reader reader(set->slot());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{PERFCTR_NO_VALUE}, reader.read(0));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{PERFCTR_NO_VALUE}, reader.read_all<2>()[1]);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{PERFCTR_NO_VALUE}, reader.time_ticks());
    CPPUNIT_ASSERT(!set->read(false).ok());
    device_->errors[PERFCTR_IOC_START] = EACCES;
    CPPUNIT_ASSERT(set->start().error().code == Errc::kRevoked);
  }

  void states() {
    CPPUNIT_ASSERT(check_state(State::kRunning).ok());
    CPPUNIT_ASSERT(check_state(State::kStopped).ok());
    CPPUNIT_ASSERT(check_state(State::kExited).ok());
    CPPUNIT_ASSERT(check_state(State::kLost).error().code == Errc::kLost);
    CPPUNIT_ASSERT(check_state(State::kRevoked).error().code == Errc::kRevoked);
    auto set = create();
    CPPUNIT_ASSERT(set->configure(events_, {}).ok());
    device_->slot.state = PERFCTR_STATE_LOST;
    CPPUNIT_ASSERT(set->state() == State::kLost);
  }

  void threads_that_come_meanwhile() {
    auto set = create();
    for (int i = 0; i < 200; ++i) {
      perfctr_thread thread{};
      thread.tid = i + 1;
      thread.pid = 1;
      std::memset(thread.comm, 'x', sizeof(thread.comm));  // not terminated
      thread.value[0] = static_cast<unsigned>(i);
      device_->threads.push_back(thread);
    }
    const auto threads = set->read_threads();
    CPPUNIT_ASSERT(threads.ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{200}, threads->size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{16}, threads->back().comm.size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{199}, threads->back().reading.values[0]);
  }

 private:
  std::unique_ptr<DeviceSet> create() {
    auto set = DeviceSet::create(std::move(file_));
    CPPUNIT_ASSERT(set.ok());
    return std::move(*set);
  }

  std::unique_ptr<DeviceFile> file_;
  FakeDevice* device_ = nullptr;
  const std::vector<Event> events_ = {
      {"instructions:uk", "", 0xc0, kDomainUser | kDomainKernel},
      {"branches:u", "", 0xc4, kDomainUser},
  };
};

CPPUNIT_TEST_SUITE_REGISTRATION(DeviceSetTest);

}  // namespace
}  // namespace perfctr::test
