// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Damage of every kind to one small recording: each length it may be cut to, each
// byte changed.  The outcome is a report or one clear error, never anything else;
// run with sanitizers (OPT="-O1 -g -fsanitize=address,undefined"), this is also a
// proof that nothing outside the file is read.
#include "skip.hpp"

#include "flame_graph.hpp"
#include "folded.hpp"
#include "json_report.hpp"
#include "perf_data_image.hpp"
#include "pprof.hpp"
#include "profile_builder.hpp"
#include "text_report.hpp"

#include <random>

namespace perfctr::test {
namespace {

using namespace perfctr::report;

struct Outcome {
  bool reported = false, damage = false;
  std::uint64_t samples = 0;
};

// All that `perfctr report` may do with a file.
Outcome report(const std::string& text) {
  // On the heap at its exact size.
  const std::vector<std::uint8_t> file(text.begin(), text.end());
  const auto profile =
      build_profile(file, {.root = "/no/such/root", .kernel_table = {}, .hypervisor_table = {}});
  if (!profile) {
    CPPUNIT_ASSERT(!profile.error().message.empty() && !profile.error().remedy.empty());
    return {};
  }
  Outcome outcome{true, !profile->damage.empty(), 0};
  std::vector<const EventProfile*> events;
  for (const EventProfile& event : profile->events) {
    outcome.samples += event.total.samples;
    if (event.total.samples > 0) events.push_back(&event);
  }
  if (events.empty()) return outcome;
  TableOptions options;
  options.children = options.call_graph = true;
  CPPUNIT_ASSERT(!text_report(*profile, events, options).empty());
  CPPUNIT_ASSERT(!json_report(*profile, events, options).empty());
  for (const EventProfile* event : events) {
    CPPUNIT_ASSERT(!folded_stacks(*profile, *event, true).empty());
    CPPUNIT_ASSERT(!flame_graph(*profile, *event, true).empty());
    CPPUNIT_ASSERT(!pprof_profile(*profile, *event).empty());
  }
  return outcome;
}

class ReportDamageTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ReportDamageTest);
  CPPUNIT_TEST(cut_off_anywhere);
  CPPUNIT_TEST(cut_off_stream);
  CPPUNIT_TEST(every_byte_changed);
  CPPUNIT_TEST(many_bytes_changed);
  CPPUNIT_TEST_SUITE_END();

 public:
  void cut_off_anywhere() {
    const PerfDataImage image = image_of_everything();
    const std::string file = image.file();
    const std::size_t records = file.find(image.records);
    std::uint64_t most = 0;
    for (std::size_t size = 0; size < file.size(); ++size) {
      const Outcome outcome = report(file.substr(0, size));
      // Without the events nothing can be said; from there on all that is there
      // is said, and that something is missing.
      const bool has_events = size >= records;
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(size), has_events, outcome.reported);
      // Contents of features are a help only, so their last bytes may be missed.
      if (has_events) CPPUNIT_ASSERT_MESSAGE(std::to_string(size), outcome.damage);
      CPPUNIT_ASSERT(outcome.samples >= most);
      most = outcome.samples;
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, most);
    CPPUNIT_ASSERT(!report(file).damage);
  }

  void cut_off_stream() {
    const std::string file = image_of_everything().stream();
    unsigned whole = 0;
    for (std::size_t size = 0; size < file.size(); ++size) {
      const Outcome outcome = report(file.substr(0, size));
      // A stream that ends with a record looks whole.
      if (outcome.reported && !outcome.damage) ++whole;
    }
    CPPUNIT_ASSERT(whole > 5 && whole < 25);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, report(file).samples);
  }

  void every_byte_changed() {
    for (const std::string& file : {image_of_everything().file(), image_of_everything().stream()}) {
      unsigned reported = 0;
      for (std::size_t i = 0; i < file.size(); ++i) {
        for (const int change : {0x01, 0x80, 0xff}) {
          std::string copy = file;
          copy[i] = static_cast<char>(copy[i] ^ change);
          if (report(copy).reported) ++reported;
        }
      }
      CPPUNIT_ASSERT(reported > file.size());
    }
  }

  void many_bytes_changed() {
    std::mt19937 random(1);
    const std::string file = image_of_everything().file();
    for (int round = 0; round < 3000; ++round) {
      std::string copy = file;
      for (unsigned n = 1 + random() % 8; n > 0; --n) {
        // Extreme numbers are where sums wrap.
        constexpr std::uint64_t kValues[] = {
            0, 1, 7, 8, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, 1ull << 63, ~0ull, ~0ull - 7};
        const std::size_t size = std::size_t{1} << random() % 4;
        copy.replace(104 * (random() % 2) + random() % (copy.size() - 112), size,
                     Packer().u64(kValues[random() % std::size(kValues)]).bytes().substr(0, size));
      }
      report(copy);
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReportDamageTest);

}  // namespace
}  // namespace perfctr::test
