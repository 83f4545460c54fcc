// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From records to a profile: address spaces against a slow model of them, tasks,
// the order of time, call chains, damage.
#include "skip.hpp"

#include "address_space.hpp"
#include "folded.hpp"
#include "perf_data_image.hpp"
#include "profile_builder.hpp"

#include <random>

namespace perfctr::test {
namespace {

using namespace perfctr::report;

constexpr std::uint64_t kUser = static_cast<std::uint64_t>(PERF_CONTEXT_USER);
constexpr std::uint64_t kKernel = static_cast<std::uint64_t>(PERF_CONTEXT_KERNEL);
constexpr std::uint64_t kHv = static_cast<std::uint64_t>(PERF_CONTEXT_HV);

Profile profile_of(const std::string& file) {
  auto profile =
      build_profile({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()}, {});
  CPPUNIT_ASSERT_MESSAGE(profile ? "" : profile.error().message, profile.ok());
  return std::move(*profile);
}

// "command;dso+address;dso+address WEIGHT" per path, outermost first.
std::vector<std::string> paths_of(const Profile& profile, std::size_t event = 0) {
  std::vector<std::string> paths;
  const CallTree& tree = profile.events.at(event).tree;
  for (const CallTree::Node& node : tree.nodes()) {
    if (node.self.samples == 0) continue;
    std::string path;
    const CallTree::Node* at = &node;
    for (; at->parent != CallTree::kRoot; at = &tree[at->parent]) {
      const Frame& frame = profile.frame(*at);
      char text[64];
      std::snprintf(text, sizeof(text), "+%llx", static_cast<unsigned long long>(frame.address));
      path = ";" + profile.short_dso(frame.dso) + text + path;
    }
    paths.push_back(profile.strings[at->key] + path + ' ' + std::to_string(node.self.period));
  }
  return paths;
}

void expect_paths(const std::vector<std::string>& expected, const std::vector<std::string>& found) {
  std::string text;
  for (const std::string& path : found) text += path + '\n';
  CPPUNIT_ASSERT_EQUAL_MESSAGE(text, expected.size(), found.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CPPUNIT_ASSERT_EQUAL(expected[i], found[i]);
}

class ReportModelTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ReportModelTest);
  CPPUNIT_TEST(address_space_like_a_model);
  CPPUNIT_TEST(address_space_at_the_edges);
  CPPUNIT_TEST(copies_of_address_spaces_are_free);
  CPPUNIT_TEST(everything);
  CPPUNIT_TEST(records_out_of_order);
  CPPUNIT_TEST(same_profile_from_a_pipe);
  CPPUNIT_TEST(threads_share_maps);
  CPPUNIT_TEST(fork_copies_and_exec_clears);
  CPPUNIT_TEST(made_up_fork);
  CPPUNIT_TEST(names_of_commands);
  CPPUNIT_TEST(kernel_and_modules);
  CPPUNIT_TEST(chains);
  CPPUNIT_TEST(return_addresses);
  CPPUNIT_TEST(deep_chains_are_cut);
  CPPUNIT_TEST(lost_and_throttled);
  CPPUNIT_TEST(damaged_records);
  CPPUNIT_TEST(sums_do_not_wrap);
  CPPUNIT_TEST(compressed_records);
  CPPUNIT_TEST_SUITE_END();

 public:
  void address_space_like_a_model() {
    // Against one entry per address.
    std::mt19937 random(4711);
    constexpr std::uint64_t kSize = 200;
    for (int round = 0; round < 20; ++round) {
      AddressSpace space;
      std::vector<std::pair<std::uint32_t, std::uint64_t>> model(kSize, {0, 0});
      for (std::uint32_t dso = 1; dso < 120; ++dso) {
        const std::uint64_t start = random() % (kSize - 1);
        const std::uint64_t size =
            1 + random() % std::min<std::uint64_t>(kSize - start, 1u << random() % 8);
        const std::uint64_t offset = random() % 100000;
        space.map({start, start + size, offset, dso});
        for (std::uint64_t i = 0; i < size; ++i) model[start + i] = {dso, offset + i};
        for (std::uint64_t address = 0; address < kSize; ++address) {
          const auto found = space.find(address);
          CPPUNIT_ASSERT_EQUAL(model[address].first, found ? found->dso : 0);
          if (found) CPPUNIT_ASSERT_EQUAL(model[address].second, found->in_file(address));
        }
      }
    }
  }

  void address_space_at_the_edges() {
    AddressSpace space;
    constexpr std::uint64_t kLast = ~std::uint64_t{0};
    CPPUNIT_ASSERT(!space.find(0) && space.empty());
    space.map({0, kLast, 5, 1});
    space.map({kLast - 1, kLast, 7, 2});
    space.map({0, 1, 9, 3});
    CPPUNIT_ASSERT_EQUAL(3u, space.find(0)->dso);
    CPPUNIT_ASSERT_EQUAL(1u, space.find(1)->dso);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, space.find(1)->in_file(1));
    CPPUNIT_ASSERT_EQUAL(2u, space.find(kLast - 1)->dso);
    CPPUNIT_ASSERT(!space.find(kLast));
  }

  void copies_of_address_spaces_are_free() {
    // A process with many mappings forks and maps again and again: with copies
    // this would be 2.5 thousand million mappings.
    PerfDataImage image;
    for (std::uint64_t i = 0; i < 50000; ++i)
      image.mmap(1, 0x1000 * (2 * i + 1), 0x1000, 0, "x", 1);
    for (std::uint32_t i = 2; i < 50000; ++i)
      image.fork(i, i - 1, i, i - 1, i).mmap(i, 0x500, 0x1000, 0, "y", i);
    image.sample(49999, 49999, 0x1000 * 77777, 60000);
    expect_paths({":49999;x+12fd1000 1000"}, paths_of(profile_of(image.file())));
  }

  void everything() {
    const Profile profile = profile_of(image_of_everything().file());
    CPPUNIT_ASSERT_EQUAL(std::string("guest"), profile.hostname);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, profile.lost);
    CPPUNIT_ASSERT(profile.damage.empty() && profile.notes.empty());
    CPPUNIT_ASSERT_EQUAL(std::string("instructions:u"), profile.events[0].name);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, profile.events[0].total.samples);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4500}, profile.events[0].total.period);
    expect_paths({"parent;library.so+20ff;program+200;program+100 1000", "parent;program+100 500",
                  "child;other+14f;other+100 2000",
                  "parent;program+200;program+100;[kernel.kallsyms]+ffffffff810001ff;"
                  "[kernel.kallsyms]+ffffffff81000010 1000"},
                 paths_of(profile));
    expect_paths({"parent;program+200;program+180;[hypervisor]+ffff82d040200010 1000"},
                 paths_of(profile, 1));
    CPPUNIT_ASSERT_EQUAL(std::string("parent;[program];[program];[hypervisor]_[h] 1000\n"),
                         folded_stacks(profile, profile.events[1], false));
  }

  void records_out_of_order() {
    // As from two CPUs' buffers: the map and the name come later in the file, but
    // were there before.
    PerfDataImage image;
    image.sample(1, 1, 0x1010, 50).sample(1, 1, 0x1020, 20);
    image.mmap(1, 0x1000, 0x1000, 0, "/new", 40).comm(1, 1, "new", 30);
    image.record(68, 0, "").mmap(1, 0x1000, 0x1000, 0, "/old", 10).comm(1, 1, "old", 10);
    expect_paths({"old;old+20 1000", "new;new+10 1000"}, paths_of(profile_of(image.file())));
  }

  void same_profile_from_a_pipe() {
    expect_paths(paths_of(profile_of(image_of_everything().file())),
                 paths_of(profile_of(image_of_everything().stream())));
  }

  void threads_share_maps() {
    PerfDataImage image;
    image.comm(1, 1, "main", 1).fork(1, 1, 2, 1, 2).comm(1, 2, "worker", 3);
    image.mmap(1, 0x1000, 0x1000, 0, "/late", 4).sample(1, 2, 0x1004, 5);
    expect_paths({"worker;late+4 1000"}, paths_of(profile_of(image.file())));
  }

  void fork_copies_and_exec_clears() {
    PerfDataImage image;
    image.comm(1, 1, "a", 1).mmap(1, 0x1000, 0x1000, 0, "/a", 2).fork(2, 1, 2, 1, 3);
    // After the fork each goes its own way.
    image.mmap(1, 0x2000, 0x1000, 0, "/parent", 4).mmap(2, 0x2000, 0x1000, 0, "/child", 5);
    image.sample(1, 1, 0x2001, 6).sample(2, 2, 0x2001, 7).sample(2, 2, 0x1001, 8);
    image.comm(2, 2, "b", 9, true).sample(2, 2, 0x1001, 10).sample(1, 1, 0x1001, 11);
    // Without exec, a new name only.
    image.comm(1, 1, "c", 12).sample(1, 1, 0x1001, 13);
    expect_paths(
        {"a;parent+1 1000", "a;child+1 1000", "a;a+1 2000", "b;[unknown]+1001 1000", "c;a+1 1000"},
        paths_of(profile_of(image.file())));
  }

  void made_up_fork() {
    // For processes that ran already perf gives each its own maps.
    PerfDataImage image;
    image.mmap(1, 0x1000, 0x1000, 0, "/a", 0).fork(2, 1, 2, 1, 0, 1 << 13).sample(2, 2, 0x1001, 1);
    expect_paths({":2;[unknown]+1001 1000"}, paths_of(profile_of(image.file())));
    // A number that is used again starts anew.
    PerfDataImage again;
    again.mmap(2, 0x1000, 0x1000, 0, "/a", 1).fork(2, 9, 2, 9, 2).sample(2, 2, 0x1001, 3);
    expect_paths({":2;[unknown]+1001 1000"}, paths_of(profile_of(again.file())));
  }

  void names_of_commands() {
    PerfDataImage image;
    image.comm(5, 5, "known", 0).sample(5, 6, 1, 1).sample(7, 8, 1, 2).sample(0, 0, 1, 3);
    image.sample(~0u, ~0u, 1, 4);
    expect_paths({"known;[unknown]+1 1000", ":8;[unknown]+1 1000", "swapper;[unknown]+1 1000",
                  ":-1;[unknown]+1 1000"},
                 paths_of(profile_of(image.file())));
  }

  void kernel_and_modules() {
    PerfDataImage image;
    const auto map = [&](std::uint64_t start, const char* path) {
      image.mmap(~0u, start, 0x1000, 0, path, 0, PERF_RECORD_MISC_KERNEL);
    };
    map(0xffffffff81000000, "[kernel.kallsyms]_text");
    map(0xffffffffc0000000, "/lib/modules/6.1/kernel/net/nf-tables.ko.xz");
    map(0xffffffffc0001000, "[xfs]");
    for (const std::uint64_t ip :
         {0xffffffff81000001, 0xffffffffc0000002, 0xffffffffc0001003, 0xffffffffc0002004}) {
      image.sample(1, 1, ip, 1, 1000, {}, PERF_RECORD_MISC_KERNEL);
    }
    // A user sample at the same address is no kernel's.
    image.sample(1, 1, 0xffffffff81000001, 1)
        .sample(1, 1, 0x5, 2, 1000, {}, PERF_RECORD_MISC_GUEST_KERNEL);
    expect_paths(
        {":1;[kernel.kallsyms]+ffffffff81000001 1000", ":1;[nf_tables]+ffffffffc0000002 1000",
         ":1;[xfs]+ffffffffc0001003 1000", ":1;[kernel.kallsyms]+ffffffffc0002004 1000",
         ":1;[unknown]+ffffffff81000001 1000", ":1;[guest.kernel.kallsyms]+5 1000"},
        paths_of(profile_of(image.file())));
  }

  void chains() {
    PerfDataImage image;
    image.mmap(1, 0x1000, 0x1000, 0, "/p", 0);
    // The chain repeats the address, or has a later one.
    image.sample(1, 1, 0x1010, 1, 1, {kUser, 0x1010, 0x1021});
    image.sample(1, 1, 0x1010, 2, 1, {kUser, 0x1014, 0x1021});
    // No marker, no frames, an unknown marker.
    image.sample(1, 1, 0x1010, 3, 1, {0x1010, 0x1021});
    image.sample(1, 1, 0x1030, 4, 1, {kUser});
    image.sample(1, 1, 0x1030, 5, 1, {});
    image.sample(1, 1, 0x1030, 6, 1, {static_cast<std::uint64_t>(-4000), 0x1030});
    // The hypervisor's own address is not in the chain.
    image.sample(1, 1, 0xff00, 7, 1, {kUser, 0x1010, 0x1021}, PERF_RECORD_MISC_HYPERVISOR);
    image.sample(1, 1, 0xff00, 8, 1, {kHv, 0xff00, kUser, 0x1010, 0x1021},
                 PERF_RECORD_MISC_HYPERVISOR);
    image.sample(1, 1, 0xff00, 9, 1, {kKernel, 0xff00, kUser, 0x1010}, PERF_RECORD_MISC_KERNEL);
    expect_paths({":1;p+20;p+10 3", ":1;p+30 3", ":1;p+20;p+10;[hypervisor]+ff00 2",
                  ":1;p+10;[kernel.kallsyms]+ff00 1"},
                 paths_of(profile_of(image.file())));
  }

  void return_addresses() {
    // A call at the very end of a mapping returns to where that ends; an address
    // that was interrupted stays what it is.
    PerfDataImage image;
    image.mmap(1, 0x1000, 0x1000, 0, "/a", 0).mmap(1, 0x2000, 0x1000, 0, "/b", 0);
    image.sample(1, 1, 0x2000, 1, 1, {kUser, 0x2000, 0x2000, 0});
    expect_paths({":1;[unknown]+0;a+fff;b+0 1"}, paths_of(profile_of(image.file())));
  }

  void deep_chains_are_cut() {
    PerfDataImage image;
    std::vector<std::uint64_t> chain(5000, 0x1011);
    image.sample(1, 1, 0x1010, 1, 1, chain);
    const Profile profile = profile_of(image.file());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, profile.notes.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1026}, profile.events[0].tree.nodes().size());
  }

  void lost_and_throttled() {
    PerfDataImage image;
    image.lost(3, 1).lost(~std::uint64_t{0}, 2).record(PERF_RECORD_THROTTLE, 0, std::string(48, 0));
    const Profile profile = profile_of(image.file());
    CPPUNIT_ASSERT_EQUAL(~std::uint64_t{0}, profile.lost);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, profile.notes.size());
    CPPUNIT_ASSERT(profile.notes[0].find("throttled") != std::string::npos);
  }

  void damaged_records() {
    PerfDataImage image;
    image.sample(1, 1, 2, 3).record(PERF_RECORD_SAMPLE, 0, "short");
    image.mmap(1, 0x1000, 0, 0, "/empty", 5).mmap(1, ~std::uint64_t{0}, 2, 0, "/beyond", 6);
    image.sample(1, 1, 2, 7);
    const Profile profile = profile_of(image.file());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, profile.events[0].total.samples);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, profile.damage.size());
    CPPUNIT_ASSERT_MESSAGE(profile.damage[0],
                           profile.damage[0].starts_with("3 records are damaged"));
    // It names the first in time, with its place in the file.
    const std::size_t records = image.file().size() - image.records.size();
    CPPUNIT_ASSERT_MESSAGE(
        profile.damage[0],
        profile.damage[0].find("offset " + std::to_string(records + 56)) != std::string::npos);
  }

  void sums_do_not_wrap() {
    PerfDataImage image;
    image.sample(1, 1, 2, 3, ~std::uint64_t{0}).sample(1, 1, 2, 3, 5);
    const Profile profile = profile_of(image.file());
    CPPUNIT_ASSERT_EQUAL(~std::uint64_t{0}, profile.events[0].total.period);
    CPPUNIT_ASSERT_EQUAL(~std::uint64_t{0}, profile.events[0].tree.totals()[0].period);
  }

  void compressed_records() {
    PerfDataImage image;
    image.record(81, 0, "zstd");
    const std::string file = image.file();
    const auto profile =
        build_profile({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()}, {});
    CPPUNIT_ASSERT(!profile && profile.error().message.find("compressed") != std::string::npos);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReportModelTest);

}  // namespace
}  // namespace perfctr::test
