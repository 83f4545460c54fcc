// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The chain of `perfctr info`: which link is missing, for each thing that can be.
#include "skip.hpp"

#include "prerequisites.hpp"

#include <cerrno>
#include <functional>

namespace perfctr::test {
namespace {

using namespace perfctr::cli;
using Status = Prerequisite::Status;

// A guest where everything is as it should be.
Sight complete() {
  Sight sight;
  sight.device_exists = sight.module_loaded = sight.is_xen = true;
  perfctr_info info{};
  info.abi = PERFCTR_ABI_VERSION;
  info.hv_abi = 1;
  info.tier = 2;
  info.nr_gp = 8;
  info.nr_fixed = 3;
  info.width = 48;
  info.flags = PERFCTR_INFO_PV | PERFCTR_INFO_KERNEL;
  sight.info = info;
  sight.perf.has_pmu = true;
  sight.cpu_model = "skl";
  return sight;
}

const Prerequisite* first_missing(const std::vector<Prerequisite>& chain) {
  for (const Prerequisite& link : chain) {
    if (link.status == Status::kMissing) return &link;
  }
  return nullptr;
}

Error error_of(Errc code) {
  return Error{
      .code = code, .sys_errno = 0, .message = "observed", .remedy = "do this", .subject = {}};
}

class PrerequisitesTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PrerequisitesTest);
  CPPUNIT_TEST(complete_chains);
  CPPUNIT_TEST(order);
  CPPUNIT_TEST(missing_links_of_the_device);
  CPPUNIT_TEST(missing_links_of_perf_event);
  CPPUNIT_TEST_SUITE_END();

 public:
  void complete_chains() {
    for (const auto& chain : {device_chain(complete()), perf_chain(complete())}) {
      for (const Prerequisite& link : chain) {
        CPPUNIT_ASSERT_MESSAGE(link.name + ": " + link.text, link.status == Status::kOk);
        CPPUNIT_ASSERT(link.remedy.empty() && !link.text.empty());
      }
    }
  }

  void order() {
    std::string names;
    for (const Prerequisite& link : device_chain(complete())) names += link.name + " ";
    CPPUNIT_ASSERT_EQUAL(
        std::string("device module Xen patch perfctr= policy permission events counters "), names);
  }

  void missing_links_of_the_device() {
    const struct {
      int line;
      std::function<void(Sight&)> change;
      const char* link;
      const char* says;
      const char* remedy;
    } cases[] = {
        {__LINE__,
         [](Sight& s) {
           s.device_exists = false;
           s.module_loaded = false;
           s.info.reset();
         },
         "device", "/dev/perfctr", "load the module"},
        {__LINE__, [](Sight& s) { s.module_loaded = false; }, "module", "not loaded",
         "modprobe perfctr"},
        {__LINE__,
         [](Sight& s) {
           s.module_loaded = false;
           s.module_message = "Xen lacks the patch";
         },
         "module", "Xen lacks the patch", "do what it says"},
        {__LINE__,
         [](Sight& s) {
           s.info.reset();
           s.module_message = "this Xen has no perfctr patch";
         },
         "patch", "without the patch set", "install Xen"},
        {__LINE__,
         [](Sight& s) {
           s.info.reset();
           s.module_message = "perfctr is off for this domain";
         },
         "perfctr=", "switched off", "xen-perfctr enable"},
        {__LINE__,
         [](Sight& s) {
           s.is_xen = false;
           s.info.reset();
         },
         "Xen", "not a Xen guest", "PERFCTR_BACKEND=perf_event"},
        {__LINE__, [](Sight& s) { s.info->hv_abi = 0; }, "patch", "patch set", "install Xen"},
        {__LINE__, [](Sight& s) { s.info->abi = 9; }, "patch", "version 9", "same release"},
        {__LINE__, [](Sight& s) { s.info->tier = 0; }, "perfctr=", "switched off",
         "xen-perfctr enable"},
        {__LINE__,
         [](Sight& s) {
           s.info.reset();
           s.info_errno = ENODEV;
         },
         "perfctr=", "switched off", "perfctr=on"},
        {__LINE__,
         [](Sight& s) {
           s.open_errno = EACCES;
           s.info.reset();
         },
         "permission", "may not open", "adduser"},
        {__LINE__, [](Sight& s) { s.events = error_of(Errc::kUnknownEvent); }, "events", "observed",
         "do this"},
        {__LINE__, [](Sight& s) { s.trial = error_of(Errc::kBusy); }, "counters", "observed",
         "do this"},
    };
    for (const auto& each : cases) {
      Sight sight = complete();
      each.change(sight);
      const auto chain = device_chain(sight);
      const Prerequisite* missing = first_missing(chain);
      const std::string at = "line " + std::to_string(each.line);
      CPPUNIT_ASSERT_MESSAGE(at, missing != nullptr);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(at, std::string(each.link), missing->name);
      CPPUNIT_ASSERT_MESSAGE(at + ": " + missing->text,
                             missing->text.find(each.says) != std::string::npos);
      CPPUNIT_ASSERT_MESSAGE(at + ": " + missing->remedy,
                             missing->remedy.find(each.remedy) != std::string::npos);
      // Nothing is claimed of what cannot be seen.
      CPPUNIT_ASSERT_EQUAL_MESSAGE(at, std::size_t{9}, chain.size());
    }
  }

  void missing_links_of_perf_event() {
    Sight sight = complete();
    sight.perf.has_pmu = false;
    auto chain = perf_chain(sight);
    CPPUNIT_ASSERT_EQUAL(std::string("PMU"), first_missing(chain)->name);
    CPPUNIT_ASSERT(chain.back().status == Status::kUnknown);
    sight = complete();
    sight.user_rdpmc = 0;
    chain = perf_chain(sight);
    CPPUNIT_ASSERT_EQUAL(std::string("rdpmc"), first_missing(chain)->name);
    sight = complete();
    sight.trial = error_of(Errc::kBusy);
    chain = perf_chain(sight);
    CPPUNIT_ASSERT_EQUAL(std::string("counters"), first_missing(chain)->name);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PrerequisitesTest);

}  // namespace
}  // namespace perfctr::test
