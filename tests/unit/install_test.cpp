// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The library as its users get it: installed, found with pkg-config and CMake,
// linked, run.  On a machine without counters the examples say so.
#include "skip.hpp"

#include <perfctr/perfctr.h>

#include <cerrno>
#include <cstring>

namespace perfctr::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class InstallTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(InstallTest);
  CPPUNIT_TEST(installed_files);
  CPPUNIT_TEST(c_example_with_pkg_config);
  CPPUNIT_TEST(c_profiler);
  CPPUNIT_TEST(cxx_example_with_cmake);
  CPPUNIT_TEST(headers_stand_alone);
  CPPUNIT_TEST(exported_symbols);
  CPPUNIT_TEST(c_errors);
  CPPUNIT_TEST(c_sampler_errors);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    source_ = setting("PERFCTR_SOURCE");
    root_ = setting("PERFCTR_SCRATCH") + "/install";
    static bool installed = false;
    if (installed) return;
    const Ran ran = run("rm -rf " + root_ + "; make -s -C " + source_ +
                        " BUILD=" + setting("PERFCTR_BUILD") + " PREFIX=" + root_ + "/usr install");
    CPPUNIT_ASSERT_MESSAGE(ran.output, ran.status == 0);
    installed = true;
  }

  void installed_files() {
    for (const char* path :
         {"bin/perfctr", "lib/libperfctr.so", "lib/libperfctr.so.1", "lib/libperfctr.a",
          "lib/pkgconfig/perfctr.pc", "lib/cmake/Perfctr/PerfctrConfig.cmake",
          "include/perfctr/perfctr.h", "include/perfctr/perfctr.hpp", "include/linux/perfctr.h",
          "share/man/man1/perfctr-stat.1", "share/man/man3/libperfctr.3",
          "share/man/man4/perfctr.4", "share/bash-completion/completions/perfctr"}) {
      CPPUNIT_ASSERT_EQUAL_MESSAGE(path, 0, run("test -e " + root_ + "/usr/" + path).status);
    }
    CPPUNIT_ASSERT(contains(run("readelf -d " + root_ + "/usr/lib/libperfctr.so").output,
                            "soname: [libperfctr.so.1]"));
  }

  void c_example_with_pkg_config() {
    const std::string binary = root_ + "/region";
    const Ran built = run("export PKG_CONFIG_PATH=" + root_ + "/usr/lib/pkgconfig\n" +
                          "cc -std=c11 -O2 -Wall -Wextra -Werror " + source_ +
                          "/examples/region.c $(pkg-config --cflags --libs perfctr) -o " + binary);
    CPPUNIT_ASSERT_MESSAGE(built.output, built.status == 0);
    expect_counts_or_reason(run("LD_LIBRARY_PATH=" + root_ + "/usr/lib " + binary), "call 3: ");
    // And with the static library.
    const Ran linked = run(
        "export PKG_CONFIG_PATH=" + root_ + "/usr/lib/pkgconfig\n" + "cc -std=c11 -O2 " + source_ +
        "/examples/region.c -static $(pkg-config --static --cflags --libs perfctr) -o " + binary +
        "-static");
    CPPUNIT_ASSERT_MESSAGE(linked.output, linked.status == 0);
    expect_counts_or_reason(run(binary + "-static"), "call 3: ");
  }

  void c_profiler() {
    const std::string binary = root_ + "/profiler";
    const Ran built =
        run("export PKG_CONFIG_PATH=" + root_ + "/usr/lib/pkgconfig\n" +
            "cc -std=c11 -O2 -Wall -Wextra -Werror " + source_ +
            "/examples/profiler.c $(pkg-config --cflags --libs perfctr) -o " + binary);
    CPPUNIT_ASSERT_MESSAGE(built.output, built.status == 0);
    const std::string profiler = "LD_LIBRARY_PATH=" + root_ + "/usr/lib " + binary;
    expect_counts_or_reason(run(profiler), " samples, ");
    // A software event: where perf_event is there at all.
    const Ran ran = run("PERFCTR_BACKEND=perf_event " + profiler + " cpu-clock@1M");
    expect_counts_or_reason(ran, " samples, 0 lost, 0 missed, ");
    if (ran.status != 0) skip(ran.output);
    // The hottest address has a good part of them.
    CPPUNIT_ASSERT_MESSAGE(ran.output, contains(ran.output, "\n0x"));
  }

  void cxx_example_with_cmake() {
    if (run("command -v cmake").status != 0) skip("cmake is not installed");
    const std::string build = root_ + "/cmake";
    const Ran built = run("cmake -S " + source_ + "/examples -B " + build +
                          " -DCMAKE_PREFIX_PATH=" + root_ + "/usr && cmake --build " + build);
    CPPUNIT_ASSERT_MESSAGE(built.output, built.status == 0);
    expect_counts_or_reason(run(build + "/regions"), "thread 1, look up: 1000 visits");
  }

  void headers_stand_alone() {
    for (const char* header :
         {"perfctr.hpp", "counter_set.hpp", "error.hpp", "event.hpp", "reader.hpp", "region.hpp",
          "result.hpp", "sampler.hpp", "slot_read.h", "perfctr.h"}) {
      const Ran ran = run(std::string("echo '#include <perfctr/") + header +
                          ">' | c++ -std=c++20 -Wall -Wextra -Werror -fsyntax-only -x c++ -I" +
                          root_ + "/usr/include -");
      CPPUNIT_ASSERT_MESSAGE(ran.output, ran.status == 0);
    }
    const Ran ran =
        run("echo '#include <perfctr/perfctr.h>' | cc -std=c11 -Wall -Wextra -Wpedantic "
            "-Werror -fsyntax-only -x c -I" +
            root_ + "/usr/include -");
    CPPUNIT_ASSERT_MESSAGE(ran.output, ran.status == 0);
  }

  void exported_symbols() {
    const std::string symbols =
        run("nm -DC --defined-only " + root_ + "/usr/lib/libperfctr.so").output;
    for (const char* name :
         {"perfctr_set_open", "perfctr_slot_read_slow", "perfctr_slot_read_all_slow",
          "perfctr_slot_time", "perfctr::CounterSet::start()", "perfctr::Sampler::start()",
          "perfctr::parse_sampled_events", "perfctr_sampler_drain"}) {
      CPPUNIT_ASSERT_MESSAGE(name, contains(symbols, name));
    }
    for (const char* name :
         {"DeviceSet", "PerfSet", "DeviceSampler", "PerfSampler", "std::", "pfm_encode"}) {
      const Ran ran = run("nm -DC --defined-only " + root_ +
                          "/usr/lib/libperfctr.so | sed 's/(.*//' | "
                          "grep -c '" +
                          name + "'");
      CPPUNIT_ASSERT_EQUAL_MESSAGE(name, std::string("0\n"), ran.output);
    }
  }

  void c_errors() {
    perfctr_error error{};
    error.size = sizeof(error);
    perfctr_set* set = nullptr;
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_open(nullptr, "cycles", nullptr, &error));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_open(&set, nullptr, nullptr, &error));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_open(&set, "instrctions", nullptr, &error));
    CPPUNIT_ASSERT(set == nullptr);
    CPPUNIT_ASSERT_EQUAL(std::string("instrctions"), std::string(error.subject));
    CPPUNIT_ASSERT(contains(error.remedy, "instructions"));
    // Thirteen are more than twelve.
    CPPUNIT_ASSERT_EQUAL(
        -ENOSPC, perfctr_set_open(&set, "r1,r2,r3,r4,r5,r6,r7,r8,r9,ra,rb,rc,rd", nullptr, &error));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_open(&set, "instrctions", nullptr, nullptr));
    // A long name is cut, not overrun.
    const std::string longest(5000, 'x');
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_open(&set, longest.c_str(), nullptr, &error));
    CPPUNIT_ASSERT_EQUAL(sizeof(error.message) - 1, std::strlen(error.message));
    // An error structure of a size that is not known stays untouched.
    perfctr_error foreign{};
    foreign.size = 8;
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_open(&set, "nothing-like-it", nullptr, &foreign));
    CPPUNIT_ASSERT_EQUAL('\0', foreign.message[0]);

    perfctr_options options{};
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_open(&set, "cycles", &options, &error));
    options.size = sizeof(options);
    options.flags = 1u << 31;
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_open(&set, "cycles", &options, &error));
    options.flags = 0;
    options.backend = 77;
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_open(&set, "cycles", &options, &error));

    perfctr_values values{};
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_read(nullptr, &values, &error));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_set_start(nullptr, &error));
    CPPUNIT_ASSERT_EQUAL(0u, perfctr_set_size(nullptr));
    CPPUNIT_ASSERT(perfctr_set_event(nullptr, 0) == nullptr);
    CPPUNIT_ASSERT(perfctr_set_slot(nullptr) == nullptr);
    perfctr_set_close(nullptr);
    CPPUNIT_ASSERT_EQUAL(std::string("1."), std::string(perfctr_version()).substr(0, 2));
  }

  void c_sampler_errors() {
    perfctr_error error{};
    error.size = sizeof(error);
    perfctr_sampler* sampler = nullptr;
    const auto open = [&](const char* events, const perfctr_sampler_options* options) {
      return perfctr_sampler_open(&sampler, events, options, &error);
    };
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_sampler_open(nullptr, "cycles", nullptr, &error));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, open(nullptr, nullptr));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, open("cycles@0", nullptr));
    CPPUNIT_ASSERT(sampler == nullptr);
    perfctr_sampler_options options{};
    CPPUNIT_ASSERT_EQUAL(-EINVAL, open("cycles", &options));
    options.size = sizeof(options);
    options.period = options.frequency = 5;
    CPPUNIT_ASSERT_EQUAL(-EINVAL, open("cycles", &options));
    options.frequency = 0;
    const auto with = [&](auto perfctr_sampler_options::*field, auto value) {
      perfctr_sampler_options bad = options;
      bad.*field = value;
      return open("cycles", &bad);
    };
    CPPUNIT_ASSERT_EQUAL(-EINVAL, with(&perfctr_sampler_options::flags, 1u << 31));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, with(&perfctr_sampler_options::zero, 1u));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, with(&perfctr_sampler_options::backend, 77u));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, with(&perfctr_sampler_options::signal, 65u));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, with(&perfctr_sampler_options::buffer_pages, 3u));

    perfctr_sample_totals totals{};
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_sampler_read(nullptr, &totals, &error));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_sampler_start(nullptr, &error));
    CPPUNIT_ASSERT_EQUAL(-EINVAL, perfctr_sampler_drain(nullptr, nullptr, nullptr, &error));
    CPPUNIT_ASSERT_EQUAL(-1, perfctr_sampler_fd(nullptr));
    CPPUNIT_ASSERT_EQUAL(0u, perfctr_sampler_size(nullptr));
    CPPUNIT_ASSERT(perfctr_sampler_event(nullptr, 0) == nullptr);
    perfctr_sampler_close(nullptr);
  }

 private:
  static void expect_counts_or_reason(const Ran& ran, const char* result) {
    const bool counted = ran.status == 0 && contains(ran.output, result);
    const bool explained = ran.status == 1 && contains(ran.output, "; ");
    CPPUNIT_ASSERT_MESSAGE(ran.output, counted || explained);
  }

  std::string source_, root_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(InstallTest);

}  // namespace
}  // namespace perfctr::test
