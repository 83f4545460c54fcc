// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Policies as text: events, files, stored files, JSON, and what Xen refuses.
#include "error.hpp"
#include "output.hpp"
#include "policy.hpp"
#include "skip.hpp"
#include "store.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace fs = std::filesystem;

namespace {

const Uuid kUuid = {0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f, 0x60, 0x71,
                    0x82, 0x93, 0xa4, 0xb5, 0xc6, 0xd7, 0xe8, 0xf9};
const char kUuidText[] = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";

xen_perfctr_policy some() {
  xen_perfctr_policy policy{};
  policy.tier = XEN_PERFCTR_TIER_ARCH;
  policy.flags = XEN_PERFCTR_POLICY_KERNEL;
  policy.max_counters = 4;
  policy.min_period = 5000;
  policy.pmi_rate = 600;
  policy.nr_events = 2;
  policy.event[0] = 0xc0;
  policy.event[1] = 0x1c4;
  return policy;
}

std::string complaint(const std::string& text) {
  try {
    parse_policy_file(text, "f", Vendor::kIntel);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "nothing";
}

struct Bad {
  const char* text;
  const char* says;
};
const Bad kBad[] = {
    {"", "f: it has no tier"},
    {"# tier = full\n", "f: it has no tier"},
    {"tier = full\ntier = full\n", "f:2: 'tier' is there twice"},
    {"tier = most", "f:1: unknown tier 'most'"},
    {"\n\ntier full", "f:3: expected 'key = value'"},
    {"tier = full\nteir = off", "f:2: unknown key 'teir'"},
    {"tier = full\nallow = cycles, bogus", "f:2: unknown event 'bogus'"},
    {"tier = full\nallow =", "f:2: '' has an empty name"},
    {"tier = full\nkernel = maybe", "f:2: kernel: 'maybe' is neither"},
    {"tier = full\nmin-period = 5 000", "f:2: min-period: '5 000' is not a number"},
    {"= full", "f:1: unknown key ''"},
};

}  // namespace

class PolicyTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PolicyTest);
  CPPUNIT_TEST(events_of_both_vendors);
  CPPUNIT_TEST(files_are_read_back);
  CPPUNIT_TEST(bad_files_are_named_by_line);
  CPPUNIT_TEST(uuids);
  CPPUNIT_TEST(store);
  CPPUNIT_TEST(unreadable_store);
  CPPUNIT_TEST(sentences);
  CPPUNIT_TEST(json);
  CPPUNIT_TEST(refusals);
  CPPUNIT_TEST_SUITE_END();

 public:
  void events_of_both_vendors() {
    CPPUNIT_ASSERT_EQUAL(uint64_t{0x3c}, event_code("cycles", Vendor::kIntel));
    CPPUNIT_ASSERT_EQUAL(uint64_t{0x76}, event_code("cycles", Vendor::kAmd));
    CPPUNIT_ASSERT_EQUAL(uint64_t{0xc2}, event_code("branches", Vendor::kAmd));
    CPPUNIT_ASSERT_EQUAL(uint64_t{0x300}, event_code("ref-cycles", Vendor::kIntel));
    CPPUNIT_ASSERT_THROW(event_code("ref-cycles", Vendor::kAmd), UsageError);
    CPPUNIT_ASSERT_EQUAL(uint64_t{0x10043003c}, event_code("r10043003C", Vendor::kAmd));
    CPPUNIT_ASSERT_EQUAL(std::string("branches"), event_name(0xc4, Vendor::kIntel));
    CPPUNIT_ASSERT_EQUAL(std::string("r00c4"), event_name(0xc4, Vendor::kAmd));
    CPPUNIT_ASSERT_EQUAL(std::string("r0000"), event_name(0, Vendor::kAmd));
  }

  void files_are_read_back() {
    const xen_perfctr_policy policy = some();
    xen_perfctr_policy back{};
    parse_policy_file(policy_file(policy, Vendor::kIntel), "f", Vendor::kIntel).apply(back);
    CPPUNIT_ASSERT(!memcmp(&policy, &back, sizeof(back)));
    const xen_perfctr_policy none{};
    back = some();
    parse_policy_file(policy_file(none, Vendor::kAmd), "f", Vendor::kAmd).apply(back);
    CPPUNIT_ASSERT(!memcmp(&none, &back, sizeof(back)));
    CPPUNIT_ASSERT_EQUAL(std::string("nothing"),
                         complaint(" tier=full # all\r\n\n# nothing\nallow = cycles , branches\n"));
  }

  void bad_files_are_named_by_line() {
    for (const Bad& bad : kBad) {
      const std::string said = complaint(bad.text);
      CPPUNIT_ASSERT_MESSAGE(said, said.find(bad.says) == 0);
    }
  }

  void uuids() {
    CPPUNIT_ASSERT_EQUAL(std::string(kUuidText), to_string(kUuid));
    CPPUNIT_ASSERT(parse_uuid(kUuidText) == kUuid);
    CPPUNIT_ASSERT(parse_uuid("0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9") == kUuid);
    for (const char* text :
         {"", "one", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f",
          "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9a", "0a1b2c3d-4e5f-6071-8293_a4b5c6d7e8f9",
          "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8g9", "../../../../../../../../../etc/passwd"})
      CPPUNIT_ASSERT_MESSAGE(text, !parse_uuid(text));
  }

  void store() {
    const fs::path directory = fs::path(perfctr::test::setting("PERFCTR_SCRATCH")) / "store";
    fs::remove_all(directory);
    const Store store(directory);
    CPPUNIT_ASSERT(!store.load(kUuid, Vendor::kIntel));
    CPPUNIT_ASSERT(!store.remove(kUuid));
    // A name cannot end its comment.
    store.save(kUuid, "one\ntier = full", some(), Vendor::kIntel);
    xen_perfctr_policy back{};
    store.load(kUuid, Vendor::kIntel)->apply(back);
    CPPUNIT_ASSERT_EQUAL(uint32_t{XEN_PERFCTR_TIER_ARCH}, back.tier);
    CPPUNIT_ASSERT(fs::exists(directory / (std::string(kUuidText) + ".conf")));
    CPPUNIT_ASSERT_EQUAL(1L, std::distance(fs::directory_iterator(directory), {}));
    xen_perfctr_policy other = some();
    other.tier = XEN_PERFCTR_TIER_OFF;
    other.nr_events = 0;
    store.save(kUuid, "one", other, Vendor::kIntel);
    CPPUNIT_ASSERT(store.load(kUuid, Vendor::kIntel)->tier == uint32_t{XEN_PERFCTR_TIER_OFF});
    CPPUNIT_ASSERT(store.remove(kUuid));
    CPPUNIT_ASSERT(!store.load(kUuid, Vendor::kIntel));
  }

  void unreadable_store() {
    const fs::path directory = fs::path(perfctr::test::setting("PERFCTR_SCRATCH")) / "bad";
    fs::remove_all(directory);
    fs::create_directories(directory);
    const Store store(directory);
    std::ofstream(store.place(kUuid)) << "tier = sometimes\n";
    CPPUNIT_ASSERT_THROW(store.load(kUuid, Vendor::kIntel), UsageError);
    // A directory where the file should be: an error, not an absent policy.
    fs::remove(store.place(kUuid));
    fs::create_directories(store.place(kUuid));
    CPPUNIT_ASSERT_THROW(store.load(kUuid, Vendor::kIntel), std::exception);
    CPPUNIT_ASSERT_THROW(store.save(kUuid, "x", some(), Vendor::kIntel), std::exception);
    CPPUNIT_ASSERT(!fs::exists(store.place(kUuid).string() + ".new"));
  }

  void sentences() {
    CPPUNIT_ASSERT_EQUAL(std::string("tier arch, allowed: kernel, only the events "
                                     "instructions,r01c4, at most 4 counters, periods from 5000, "
                                     "at most 600 samples a second"),
                         describe(some(), Vendor::kIntel));
    CPPUNIT_ASSERT_EQUAL(std::string("tier off, allowed: -"),
                         describe(xen_perfctr_policy{}, Vendor::kIntel));
    xen_perfctr_policy policy{};
    policy.nr_events = 4000000000u;  // by a Xen that is not well
    CPPUNIT_ASSERT(!allowed_events(policy, Vendor::kIntel).empty());
    CPPUNIT_ASSERT_EQUAL(std::string("?"), std::string(tier_name(77)));
  }

  void json() {
    CPPUNIT_ASSERT_EQUAL(std::string("\"tier\": \"arch\", \"kernel\": true, \"hypervisor\": false, "
                                     "\"allow\": [\"instructions\", \"r01c4\"], "
                                     "\"max_counters\": 4, \"min_period\": 5000, \"pmi_rate\": 600"),
                         describe_json(some(), Vendor::kIntel));
    CPPUNIT_ASSERT(describe_json(xen_perfctr_policy{}, Vendor::kAmd).find("\"allow\": null") !=
                   std::string::npos);
    CPPUNIT_ASSERT_EQUAL(std::string("\"a\\\"b\\\\c\\u000a\""), json_string("a\"b\\c\n"));
    xen_perfctr_vcpu_stats stats{};
    stats.vcpu = 3;
    stats.flags = XEN_PERFCTR_STAT_APPLIED;
    stats.throttled = ~uint64_t{0};
    const std::string text = stats_json(stats);
    CPPUNIT_ASSERT(text.find("{\"vcpu\": 3, \"registered\": false, \"counting\": true") == 0);
    CPPUNIT_ASSERT(text.find("\"throttled\": 18446744073709551615}") != std::string::npos);
    CPPUNIT_ASSERT(stats_text(stats).find("vcpu 3: not registered, counting\n") == 0);
  }

  void refusals() {
    xen_perfctr_policy policy = some();
    policy.bad_field = XEN_PERFCTR_POLICY_BAD_OUTSIDE;
    policy.bad_event = 1;
    CPPUNIT_ASSERT_EQUAL(
        std::string("--allow r01c4 is outside tier arch: leave it out, or give a higher --tier"),
        explain_refusal(policy, Vendor::kIntel));
    const std::pair<uint32_t, const char*> words[] = {
        {XEN_PERFCTR_POLICY_BAD_TIER, "--tier"},     {XEN_PERFCTR_POLICY_BAD_FLAGS, "permission"},
        {XEN_PERFCTR_POLICY_BAD_COUNTERS, "12"},     {XEN_PERFCTR_POLICY_BAD_PERIOD, "2^46"},
        {XEN_PERFCTR_POLICY_BAD_RATE, "1000000000"}, {XEN_PERFCTR_POLICY_BAD_NR, "64"},
        {XEN_PERFCTR_POLICY_BAD_EVENT, "r01c4"},     {XEN_PERFCTR_POLICY_BAD_UNKNOWN, "r01c4"},
        {XEN_PERFCTR_POLICY_BAD_ZERO, "versions"},   {99, "field 99"},
    };
    for (const auto& [field, word] : words) {
      policy.bad_field = field;
      CPPUNIT_ASSERT_MESSAGE(word, explain_refusal(policy, Vendor::kIntel).find(word) !=
                                       std::string::npos);
    }
    policy.bad_field = XEN_PERFCTR_POLICY_BAD_UNKNOWN;
    policy.bad_event = 4000000000u;
    CPPUNIT_ASSERT(!explain_refusal(policy, Vendor::kIntel).empty());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PolicyTest);
