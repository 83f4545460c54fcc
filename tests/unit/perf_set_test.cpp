// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The perf_event backend: the attributes that it asks for, and what it says when
// the kernel refuses.
#include "skip.hpp"

#include "perf_errors.hpp"
#include "perf_set.hpp"

#include <cerrno>

namespace perfctr::test {
namespace {

class PerfSetTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PerfSetTest);
  CPPUNIT_TEST(attributes);
  CPPUNIT_TEST(refusals_become_sentences);
  CPPUNIT_TEST(no_room);
  CPPUNIT_TEST(hypervisor_events_are_refused);
  CPPUNIT_TEST(unconfigured_set);
  CPPUNIT_TEST_SUITE_END();

  const std::vector<Event> events_ = {{"instructions:u", "", 0xc0, kDomainUser},
                                      {"branches:uk", "", 0xc4, kDomainUser | kDomainKernel}};

 public:
  void attributes() {
    const Options options{.inherit = true, .enable_on_exec = true};
    const perf_event_attr leader = PerfSet::attribute(events_[0], options, true);
    CPPUNIT_ASSERT_EQUAL(static_cast<unsigned>(PERF_TYPE_RAW), static_cast<unsigned>(leader.type));
    CPPUNIT_ASSERT_EQUAL(0xc0u, static_cast<unsigned>(leader.config));
    CPPUNIT_ASSERT(leader.disabled && leader.pinned && leader.enable_on_exec && leader.inherit);
    CPPUNIT_ASSERT(!leader.exclude_user && leader.exclude_kernel && leader.exclude_hv);
    // The others follow the leader.
    const perf_event_attr other = PerfSet::attribute(events_[1], options, false);
    CPPUNIT_ASSERT(!other.disabled && !other.pinned && !other.enable_on_exec && other.inherit);
    CPPUNIT_ASSERT(!other.exclude_user && !other.exclude_kernel && other.exclude_hv);
  }

  void refusals_become_sentences() {
    const PerfSurroundings bare{
        .has_pmu = true, .is_xen = false, .paranoid = 2, .nmi_watchdog = false};
    const PerfSurroundings none{
        .has_pmu = false, .is_xen = false, .paranoid = 2, .nmi_watchdog = false};
    const PerfSurroundings xen{
        .has_pmu = false, .is_xen = true, .paranoid = 2, .nmi_watchdog = false};
    const PerfSurroundings strict{
        .has_pmu = true, .is_xen = false, .paranoid = 3, .nmi_watchdog = false};
    const struct {
      int line;
      int error;
      std::size_t place;
      int tid;
      PerfSurroundings surroundings;
      Errc code;
      const char* message;
      const char* remedy;
    } cases[] = {
        {__LINE__, ENOENT, 0, 0, none, Errc::kNoPmu, "no hardware counters", "bare metal"},
        {__LINE__, ENOENT, 0, 0, xen, Errc::kNoPmu, "Xen guest", "modprobe perfctr"},
        {__LINE__, EOPNOTSUPP, 0, 0, none, Errc::kNoPmu, "no hardware counters", "dmesg"},
        {__LINE__, ENOENT, 1, 0, bare, Errc::kUnknownEvent, "'branches:uk'", "perfctr list"},
        {__LINE__, EACCES, 0, 0, strict, Errc::kNoPermission, "paranoid is 3",
         "sysctl kernel.perf_event_paranoid=2"},
        {__LINE__, EACCES, 1, 0, bare, Errc::kNoPermission, "counts the kernel", ":u"},
        {__LINE__, EPERM, 0, 9, bare, Errc::kNoPermission, "thread 9", "CAP_PERFMON"},
        {__LINE__, EACCES, 0, 0, bare, Errc::kNoPermission, "denies", "CAP_PERFMON"},
        {__LINE__, EINVAL, 1, 0, bare, Errc::kNoHardwareCounter, "number 2", "fewer"},
        {__LINE__, EINVAL, 0, 0, bare, Errc::kReservedBits, "'instructions:u'", "perfctr list"},
        {__LINE__, ESRCH, 0, 9, bare, Errc::kNoThread, "no thread 9", "ps"},
        {__LINE__, ENOSYS, 0, 0, bare, Errc::kNoPmu, "perf_event_open", "CONFIG_PERF_EVENTS"},
        {__LINE__, EMFILE, 0, 0, bare, Errc::kSystem, "files", "ulimit"},
        {__LINE__, EBUSY, 0, 0, bare, Errc::kBusy, "exclusively", "end it"},
        {__LINE__, EIO, 0, 0, bare, Errc::kSystem, "perf_event_open failed", "perfctr info"},
    };
    for (const auto& each : cases) {
      const Error error =
          perf_open_error(each.error, events_, each.place, each.tid, each.surroundings);
      const std::string at = "line " + std::to_string(each.line) + ": " + error.sentence();
      CPPUNIT_ASSERT_EQUAL_MESSAGE(at, static_cast<unsigned>(each.code),
                                   static_cast<unsigned>(error.code));
      CPPUNIT_ASSERT_MESSAGE(at, error.message.find(each.message) != std::string::npos);
      CPPUNIT_ASSERT_MESSAGE(at, error.remedy.find(each.remedy) != std::string::npos);
      CPPUNIT_ASSERT_EQUAL(each.error, error.sys_errno);
    }
  }

  void no_room() {
    PerfSurroundings surroundings;
    surroundings.nmi_watchdog = true;
    CPPUNIT_ASSERT(perf_no_room_error(surroundings).remedy.find("nmi_watchdog=0") !=
                   std::string::npos);
    surroundings.nmi_watchdog = false;
    CPPUNIT_ASSERT(perf_no_room_error(surroundings).code == Errc::kBusy);
  }

  void hypervisor_events_are_refused() {
    PerfSet set;
    const std::vector<Event> events = {{"cycles:h", "", 0x3c, kDomainHypervisor}};
    const auto result = set.configure(events, {});
    CPPUNIT_ASSERT(!result.ok());
    CPPUNIT_ASSERT(result.error().code == Errc::kBadDomain);
    CPPUNIT_ASSERT_EQUAL(std::string("cycles:h"), result.error().subject);
  }

  void unconfigured_set() {
    PerfSet set;
    CPPUNIT_ASSERT(set.state() == State::kFree);
    CPPUNIT_ASSERT(!set.start().ok());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{PERFCTR_NO_VALUE}, Reader(set.slot()).read(0));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{PERFCTR_NO_VALUE}, Reader(set.slot()).time_ticks());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PerfSetTest);

}  // namespace
}  // namespace perfctr::test
