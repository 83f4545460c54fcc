// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Event names: a table of good ones with their codes, and one, as long, of bad
// ones with the part that the error must name.  For the CPU model `skl`.
#include "skip.hpp"

#include "event_parser.hpp"
#include "event_syntax.hpp"
#include "suggest.hpp"

namespace perfctr::test {
namespace {

constexpr auto kU = kDomainUser;
constexpr auto kK = kDomainKernel;
constexpr auto kH = kDomainHypervisor;

struct Good {
  int line;
  const char* text;
  std::uint64_t code;
  std::uint32_t domains;
  const char* name;  // printed for it; nullptr: the text
};
const Good kGood[] = {
    {__LINE__, "instructions", 0xc0, kU, "instructions:u"},
    {__LINE__, "instructions:u", 0xc0, kU, nullptr},
    {__LINE__, "cycles:k", 0x3c, kK, nullptr},
    {__LINE__, "cpu-cycles:uk", 0x3c, kU | kK, nullptr},
    {__LINE__, "ref-cycles", 0x300, kU, "ref-cycles:u"},
    {__LINE__, "branches:h", 0xc4, kH, nullptr},
    {__LINE__, "branch-instructions", 0xc4, kU, "branch-instructions:u"},
    {__LINE__, "branch-misses:ukh", 0xc5, kU | kK | kH, nullptr},
    {__LINE__, "cache-references", 0x4f2e, kU, "cache-references:u"},
    {__LINE__, "cache-misses", 0x412e, kU, "cache-misses:u"},
    {__LINE__, "loads", 0x81d0, kU, "loads:u"},
    {__LINE__, "stores:u", 0x82d0, kU, nullptr},
    {__LINE__, "branches-conditional", 0x01c4, kU, "branches-conditional:u"},
    {__LINE__, "PAPI_TOT_INS", 0xc0, kU, "PAPI_TOT_INS:u"},
    {__LINE__, " instructions ", 0xc0, kU, "instructions:u"},
    {__LINE__, "skl::INST_RETIRED:ANY_P", 0xc0, kU, "skl::INST_RETIRED:ANY_P:u"},
    {__LINE__, "MEM_INST_RETIRED:ALL_LOADS:u", 0x81d0, kU, nullptr},
    {__LINE__, "BR_INST_RETIRED:CONDITIONAL:uk", 0x01c4, kU | kK, nullptr},
    {__LINE__, "BR_INST_RETIRED:ALL_BRANCHES:c=1:e=1", 0x10400c4, kU,
     "BR_INST_RETIRED:ALL_BRANCHES:c=1:e=1:u"},
    {__LINE__, "UNHALTED_REFERENCE_CYCLES", 0x300, kU, "UNHALTED_REFERENCE_CYCLES:u"},
    {__LINE__, "r01c4", 0x01c4, kU, "r01c4:u"},
    {__LINE__, "rC0:k", 0xc0, kK, nullptr},
    {__LINE__, "r280003c", 0x280003c, kU, "r280003c:u"},
    {__LINE__, "cpu/event=0xc4/", 0xc4, kU, "cpu/event=0xc4/u"},
    {__LINE__, "cpu/event=0xc4,umask=0x1/k", 0x1c4, kK, nullptr},
    {__LINE__, "cpu/event=60,umask=0,cmask=2,inv/:u", 0x280003c, kU, nullptr},
    {__LINE__, "cpu/event=0xc4,edge=1,cmask=1/", 0x10400c4, kU, "cpu/event=0xc4,edge=1,cmask=1/u"},
    {__LINE__, "cpu/event=0xc0,name=mine/", 0xc0, kU, "cpu/event=0xc0,name=mine/u"},
};

struct Bad {
  int line;
  const char* text;
  Errc code;
  const char* subject;
};
const Bad kBad[] = {
    {__LINE__, "", Errc::kEmptyEvent, ""},
    {__LINE__, "  ", Errc::kEmptyEvent, ""},
    {__LINE__, "instrctions", Errc::kUnknownEvent, "instrctions"},
    {__LINE__, "nothing-like-it", Errc::kUnknownEvent, "nothing-like-it"},
    {__LINE__, "instructions:x", Errc::kBadModifier, "x"},
    {__LINE__, "instructions:uq", Errc::kBadModifier, "q"},
    {__LINE__, "instructions:p", Errc::kBadModifier, "p"},
    {__LINE__, "instructions:upp", Errc::kBadModifier, "p"},
    {__LINE__, "cycles:G", Errc::kBadModifier, "G"},
    {__LINE__, "cycles:u:k", Errc::kBadModifier, ":"},
    {__LINE__, "task-clock", Errc::kNotCountable, "task-clock"},
    {__LINE__, "page-faults:u", Errc::kNotCountable, "page-faults"},
    {__LINE__, "BR_INST_RETIRED:NO_SUCH", Errc::kBadTerm, "BR_INST_RETIRED:NO_SUCH"},
    {__LINE__, "BR_INST_RETIRED:c=300", Errc::kBadTerm, "BR_INST_RETIRED:c=300"},
    {__LINE__, "OFFCORE_RESPONSE_0:DMND_DATA_RD:ANY_RESPONSE", Errc::kReservedBits,
     "OFFCORE_RESPONSE_0:DMND_DATA_RD:ANY_RESPONSE"},
    {__LINE__, "CPU_CLK_THREAD_UNHALTED:THREAD_P:t=1", Errc::kReservedBits,
     "CPU_CLK_THREAD_UNHALTED:THREAD_P:t=1"},
    {__LINE__, "r5101c4", Errc::kReservedBits, "r5101c4"},
    {__LINE__, "r2001c4", Errc::kReservedBits, "r2001c4"},
    {__LINE__, "r1000000c0", Errc::kReservedBits, "r1000000c0"},
    {__LINE__, "r00000000000000000c0", Errc::kNone, ""},  // leading zeros are fine
    {__LINE__, "rffffffffffffffffff", Errc::kBadTerm, "rffffffffffffffffff"},
    {__LINE__, "r01c4:z", Errc::kBadModifier, "z"},
    {__LINE__, "cpu/event=0xc4", Errc::kUnknownEvent, nullptr},
    {__LINE__, "cpu/", Errc::kSyntax, "cpu/"},
    {__LINE__, "cpu/umask=1/", Errc::kBadTerm, "cpu/umask=1/"},
    {__LINE__, "cpu/event=0x1ff/", Errc::kBadTerm, "event=0x1ff"},
    {__LINE__, "cpu/event=0xc4,umask=256/", Errc::kBadTerm, "umask=256"},
    {__LINE__, "cpu/event=0xzz/", Errc::kBadTerm, "event=0xzz"},
    {__LINE__, "cpu/event/", Errc::kBadTerm, "event"},
    {__LINE__, "cpu/event=0xc4,any=1/", Errc::kBadTerm, "any"},
    {__LINE__, "cpu/event=0xc4,in_tx/", Errc::kBadTerm, "in_tx"},
    {__LINE__, "cpu/event=0xc4,edge=2/", Errc::kBadTerm, "edge=2"},
    {__LINE__, "cpu/event=0xc4/p", Errc::kBadModifier, "p"},
    {__LINE__, "uncore_imc/event=0x4/", Errc::kNotCountable, "uncore_imc"},
};

class EventParserTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(EventParserTest);
  CPPUNIT_TEST(good_events);
  CPPUNIT_TEST(bad_events_name_the_part);
  CPPUNIT_TEST(amd_codes);
  CPPUNIT_TEST(good_lists);
  CPPUNIT_TEST(bad_lists);
  CPPUNIT_TEST(too_many_events);
  CPPUNIT_TEST(unknown_events_bring_a_suggestion);
  CPPUNIT_TEST(edit_distances);
  CPPUNIT_TEST(listing);
  CPPUNIT_TEST_SUITE_END();

  static std::string where(int line, const char* text) {
    return "line " + std::to_string(line) + ": '" + text + "'";
  }

 public:
  void good_events() {
    for (const Good& good : kGood) {
      const auto event = parse_event(good.text, CpuVendor::kIntel);
      const std::string at = where(good.line, good.text);
      CPPUNIT_ASSERT_MESSAGE(at + (event ? "" : ": " + event.error().message), event.ok());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(at, good.code, event->code);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(at, good.domains, event->domains);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(at, std::string(good.name != nullptr ? good.name : good.text),
                                   event->name);
      CPPUNIT_ASSERT_MESSAGE(at, !event->canonical.empty());
    }
  }

  void bad_events_name_the_part() {
    for (const Bad& bad : kBad) {
      const auto event = parse_event(bad.text, CpuVendor::kIntel);
      const std::string at = where(bad.line, bad.text);
      if (bad.code == Errc::kNone) {
        CPPUNIT_ASSERT_MESSAGE(at, event.ok());
        continue;
      }
      CPPUNIT_ASSERT_MESSAGE(at, !event.ok());
      const Error& error = event.error();
      if (bad.subject != nullptr) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(at + ": " + error.message, static_cast<unsigned>(bad.code),
                                     static_cast<unsigned>(error.code));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(at, std::string(bad.subject), error.subject);
        // One sentence that shows the part, and a remedy.
        CPPUNIT_ASSERT_MESSAGE(at, error.message.find(bad.subject) != std::string::npos);
      }
      CPPUNIT_ASSERT_MESSAGE(at, !error.remedy.empty());
    }
  }

  void amd_codes() {
    const auto code = [](const char* text) {
      const auto event = parse_event(text, CpuVendor::kAmd);
      CPPUNIT_ASSERT_MESSAGE(text, event.ok());
      return event->code;
    };
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0xc0}, code("instructions"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x76}, code("cycles"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0xc2}, code("branches"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0xc3}, code("branch-misses"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0xd1}, code("branches-conditional"));
    // Event select bits 11:8 stand at 35:32.
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x1000001c0}, code("cpu/event=0x1c0,umask=1/"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x1000001c0}, code("r1000001c0"));
    CPPUNIT_ASSERT(!parse_event("ref-cycles", CpuVendor::kAmd).ok());
    CPPUNIT_ASSERT(!parse_event("cpu/event=0x1000/", CpuVendor::kAmd).ok());
  }

  void good_lists() {
    const auto names = [](const char* list) {
      const auto items = split_events(list);
      CPPUNIT_ASSERT_MESSAGE(list, items.ok());
      std::string joined;
      for (const std::string& item : *items) joined += item + ";";
      return joined;
    };
    CPPUNIT_ASSERT_EQUAL(std::string("a;b;"), names("a,b"));
    CPPUNIT_ASSERT_EQUAL(std::string("a;b;"), names("{a,b}"));
    CPPUNIT_ASSERT_EQUAL(std::string("a:u;b:u;c;"), names("{a,b}:u,c"));
    CPPUNIT_ASSERT_EQUAL(std::string("c;a;b:k;"), names("c,{a,b:k}"));
    CPPUNIT_ASSERT_EQUAL(std::string("a;b;c;d;"), names("{a,b},{c,d}"));
    CPPUNIT_ASSERT_EQUAL(std::string("cpu/event=1,umask=2/;b;"), names("cpu/event=1,umask=2/,b"));
    CPPUNIT_ASSERT_EQUAL(std::string("a;b;"), names(" a , b "));
  }

  void bad_lists() {
    for (const char* list : {"", ",", "a,", ",a", "a,,b", "{a,b", "a}", "{a,{b}}", "{a}b", "x{a}",
                             "{}", "cpu/event=1", "{a,},b"}) {
      const auto items = split_events(list);
      CPPUNIT_ASSERT_MESSAGE(list, !items.ok());
      CPPUNIT_ASSERT_MESSAGE(list, !items.error().remedy.empty());
    }
  }

  void too_many_events() {
    std::string list = "instructions";
    for (int i = 1; i < 12; ++i) list += ",branches";
    CPPUNIT_ASSERT(parse_events(list).ok());
    const auto more = parse_events(list + ",cycles");
    CPPUNIT_ASSERT(!more.ok());
    CPPUNIT_ASSERT(more.error().code == Errc::kTooManyCounters);
    CPPUNIT_ASSERT(more.error().message.find("13") != std::string::npos);
  }

  void unknown_events_bring_a_suggestion() {
    const struct {
      const char* typed;
      const char* meant;
    } cases[] = {{"instrctions", "instructions"},
                 {"brnaches", "branches"},
                 {"INST_RETIERD", "INST_RETIRED"},
                 {"cache_misses", "cache-misses"}};
    for (const auto& each : cases) {
      const auto event = parse_event(each.typed, CpuVendor::kIntel);
      CPPUNIT_ASSERT_MESSAGE(each.typed, !event.ok());
      CPPUNIT_ASSERT_MESSAGE(each.typed + (": " + event.error().remedy),
                             event.error().remedy.find(each.meant) != std::string::npos);
    }
  }

  void edit_distances() {
    CPPUNIT_ASSERT_EQUAL(0u, edit_distance("", ""));
    CPPUNIT_ASSERT_EQUAL(3u, edit_distance("", "abc"));
    CPPUNIT_ASSERT_EQUAL(0u, edit_distance("abc", "ABC"));
    CPPUNIT_ASSERT_EQUAL(1u, edit_distance("abc", "abd"));
    CPPUNIT_ASSERT_EQUAL(1u, edit_distance("abc", "acb"));
    CPPUNIT_ASSERT_EQUAL(3u, edit_distance("kitten", "sitting"));
    CPPUNIT_ASSERT_EQUAL(std::string(), closest_name("abc", {"xyz", "uvw"}));
  }

  void listing() {
    const auto loads = list_events("mem_inst_retired:all_loads");
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, loads.size());
    CPPUNIT_ASSERT_EQUAL(std::string("skl::MEM_INST_RETIRED:ALL_LOADS"), loads[0].name);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x81d0}, loads[0].code);
    CPPUNIT_ASSERT(list_events("").size() > 100);
    CPPUNIT_ASSERT(list_events("no such event").empty());
    // Every listed name can be counted under that name, with that code.
    for (const EventDescription& each : list_events("")) {
      const auto event = parse_event(each.name);
      CPPUNIT_ASSERT_MESSAGE(each.name, event.ok());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(each.name, each.code, event->code);
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventParserTest);

}  // namespace
}  // namespace perfctr::test
