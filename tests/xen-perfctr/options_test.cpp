// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command line of xen-perfctr: what it means, and what it says to nonsense.
#include "error.hpp"
#include "options.hpp"
#include "skip.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace {

Options parse(const std::string& line) {
  std::istringstream words(line);
  return parse_options({std::istream_iterator<std::string>(words), {}}, Vendor::kIntel);
}

std::string complaint(const std::string& line) {
  try {
    parse(line);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing";
}

struct Bad {
  const char* line;
  const char* says;  // part of the message
};
const Bad kBad[] = {
    {"", "no command"},
    {"frobnicate 1", "unknown command 'frobnicate'"},
    {"policy", "no domain"},
    {"status", "no domain"},
    {"enable", "no domain"},
    {"disable", "no domain"},
    {"reset", "no domain"},
    {"stats one", "no VCPU"},
    {"stats one x", "no VCPU 'x'"},
    {"stats one -1", "-1"},
    {"stats one 4294967296", "no VCPU"},
    {"list one", "too many"},
    {"watch one", "too many"},
    {"policy one two", "too many"},
    {"policy one --tier", "tier"},
    {"policy one --tier most", "unknown tier 'most'"},
    {"policy one --tier=", "tier"},
    {"policy one --allow", "allow"},
    {"policy one --allow cycels", "unknown event 'cycels'"},
    {"policy one --allow cycles,,branches", "empty name"},
    {"policy one --allow ,", "empty name"},
    {"policy one --allow r", "unknown event"},
    {"policy one --allow r00g0", "unknown event"},
    {"policy one --allow r11112222333344445", "unknown event"},
    {"policy one --counters -1", "not a number"},
    {"policy one --counters 4294967296", "too large"},
    {"policy one --counters 2x", "not a number"},
    {"policy one --counters 0x2", "not a number"},
    {"policy one --min-period 18446744073709551616", "too large"},
    {"policy one --min-period 1e3", "not a number"},
    {"policy one --pmi-rate fast", "not a number"},
    {"policy one --kernel=perhaps", "neither yes nor no"},
    {"policy one --hypervisor=", "hypervisor"},
    {"policy one --tier arch --tier full", "tier"},
    {"policy one --ti arch", "ti"},
    {"policy one --json", "--json is of no use"},
    {"list --save", "--save is of no use"},
    {"apply --save", "--save is of no use"},
    {"status one --tier full", "--tier is of no use"},
    {"disable one --kernel", "--kernel is of no use"},
    {"reset one --allow cycles", "--allow is of no use"},
    {"enable one --frob", "frob"},
};

}  // namespace

class OptionsTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(OptionsTest);
  CPPUNIT_TEST(nothing_named_changes_nothing);
  CPPUNIT_TEST(each_rule);
  CPPUNIT_TEST(permissions);
  CPPUNIT_TEST(order_does_not_matter);
  CPPUNIT_TEST(nonsense_is_named);
  CPPUNIT_TEST(too_many_events);
  CPPUNIT_TEST(old_names);
  CPPUNIT_TEST(completion_and_manual_know_all);
  CPPUNIT_TEST_SUITE_END();

 public:
  void nothing_named_changes_nothing() {
    const Options options = parse("policy one");
    CPPUNIT_ASSERT(options.change.empty());
    xen_perfctr_policy policy{};
    policy.tier = 2;
    policy.flags = XEN_PERFCTR_POLICY_HYP;
    policy.max_counters = 3;
    policy.min_period = 4;
    policy.pmi_rate = 5;
    policy.nr_events = 1;
    policy.event[0] = 0xc0;
    const xen_perfctr_policy before = policy;
    options.change.apply(policy);
    CPPUNIT_ASSERT(!memcmp(&before, &policy, sizeof(policy)));
    CPPUNIT_ASSERT_EQUAL(std::string("/etc/xen/perfctr"), options.directory);
    CPPUNIT_ASSERT(!options.save && !options.json);
  }

  void each_rule() {
    xen_perfctr_policy policy{};
    policy.event[2] = 7;
    policy.nr_events = 3;
    parse("policy one --tier ipc --allow cycles,r01c4 --counters 4 --min-period 1000 --pmi-rate 9 "
          "--kernel --hypervisor")
        .change.apply(policy);
    CPPUNIT_ASSERT_EQUAL(1u, policy.tier);
    CPPUNIT_ASSERT_EQUAL(2u, policy.nr_events);
    CPPUNIT_ASSERT_EQUAL(uint64_t{0x3c}, policy.event[0]);
    CPPUNIT_ASSERT_EQUAL(uint64_t{0x1c4}, policy.event[1]);
    CPPUNIT_ASSERT_EQUAL(uint64_t{0}, policy.event[2]);
    CPPUNIT_ASSERT_EQUAL(4u, policy.max_counters);
    CPPUNIT_ASSERT_EQUAL(uint64_t{1000}, policy.min_period);
    CPPUNIT_ASSERT_EQUAL(uint64_t{9}, policy.pmi_rate);
    CPPUNIT_ASSERT_EQUAL(3u, policy.flags);
    parse("policy one --allow all --counters all --min-period=0").change.apply(policy);
    CPPUNIT_ASSERT_EQUAL(0u, policy.nr_events);
    CPPUNIT_ASSERT_EQUAL(uint64_t{0}, policy.event[0]);
    CPPUNIT_ASSERT_EQUAL(0u, policy.max_counters);
    CPPUNIT_ASSERT_EQUAL(uint64_t{0}, policy.min_period);
    CPPUNIT_ASSERT_EQUAL(uint64_t{9}, policy.pmi_rate);
  }

  void permissions() {
    xen_perfctr_policy policy{};
    // The word behind it is the domain.
    const Options options = parse("policy --kernel one");
    CPPUNIT_ASSERT_EQUAL(std::string("one"), options.domain);
    options.change.apply(policy);
    CPPUNIT_ASSERT_EQUAL(1u, policy.flags);
    parse("policy one --kernel=no --hypervisor=yes").change.apply(policy);
    CPPUNIT_ASSERT_EQUAL(2u, policy.flags);
    parse("policy one --hypervisor=off").change.apply(policy);
    CPPUNIT_ASSERT_EQUAL(0u, policy.flags);
  }

  void order_does_not_matter() {
    const Options options = parse("--tier=arch --save policy --directory /tmp/x one");
    CPPUNIT_ASSERT_EQUAL(std::string("policy"), options.command);
    CPPUNIT_ASSERT_EQUAL(std::string("one"), options.domain);
    CPPUNIT_ASSERT_EQUAL(std::string("/tmp/x"), options.directory);
    CPPUNIT_ASSERT(options.save && options.change.tier == 2u);
    CPPUNIT_ASSERT(parse("--help frob").help);
    CPPUNIT_ASSERT(parse("-h").help);
    CPPUNIT_ASSERT_EQUAL(7u, parse("stats one 7").vcpu);
    CPPUNIT_ASSERT(parse("list --json").json);
  }

  void nonsense_is_named() {
    for (const Bad& bad : kBad) {
      const std::string said = complaint(bad.line);
      CPPUNIT_ASSERT_MESSAGE(std::string("'") + bad.line + "' says: " + said,
                             said.find(bad.says) != std::string::npos);
    }
    CPPUNIT_ASSERT_THROW(parse_options({"status", ""}, Vendor::kIntel), UsageError);
  }

  void too_many_events() {
    std::string list = "r1000";
    for (int i = 1; i < 64; ++i) list += ",r1" + std::to_string(100 + i);
    CPPUNIT_ASSERT_EQUAL(std::string("nothing"), complaint("policy one --allow " + list));
    // Twice the same is once.
    CPPUNIT_ASSERT_EQUAL(std::string("nothing"), complaint("policy one --allow r1000," + list));
    CPPUNIT_ASSERT(complaint("policy one --allow cycles," + list).find("65 events") !=
                   std::string::npos);
  }

  void old_names() {
    CPPUNIT_ASSERT(parse("enable one --max-counters 2").change.max_counters == 2u);
  }

  // Commands and options that the usage names are in the manual and the completion.
  void completion_and_manual_know_all() {
    const std::string tools = perfctr::test::setting("PERFCTR_TOOLS");
    const std::string usage = kUsage;
    for (const char* file : {"/xen-perfctr.8", "/xen-perfctr.bash"}) {
      std::ifstream in(tools + file);
      CPPUNIT_ASSERT_MESSAGE(file, in.good());
      std::string text{std::istreambuf_iterator<char>(in), {}};
      for (size_t at; (at = text.find("\\-")) != std::string::npos;) text.erase(at, 1);
      unsigned found = 0;
      std::istringstream lines(usage);
      for (std::string line; std::getline(lines, line);) {
        if (line.substr(0, 2) != "  " || line[2] == ' ') continue;
        const std::string word = line.substr(2, line.find_first_of(" [=", 2) - 2);
        CPPUNIT_ASSERT_MESSAGE(std::string(file) + " lacks " + word,
                               text.find(word) != std::string::npos);
        ++found;
      }
      CPPUNIT_ASSERT_EQUAL(19u, found);
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(OptionsTest);
