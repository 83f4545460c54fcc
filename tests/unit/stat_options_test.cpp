// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command line of `perfctr stat`: perf's letters, alone and in clusters, and
// what is refused.
#include "skip.hpp"

#include "stat_options.hpp"

#include <initializer_list>

namespace perfctr::test {
namespace {

using namespace perfctr::cli;

Result<StatOptions> parse(std::initializer_list<const char*> words) {
  std::vector<std::string> texts = {"stat"};
  texts.insert(texts.end(), words.begin(), words.end());
  std::vector<char*> args;
  for (std::string& text : texts) args.push_back(text.data());
  return parse_stat_options(args);
}

StatOptions good(std::initializer_list<const char*> words) {
  auto options = parse(words);
  CPPUNIT_ASSERT_MESSAGE(options ? "" : options.error().message, options.ok());
  return std::move(*options);
}

class StatOptionsTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(StatOptionsTest);
  CPPUNIT_TEST(defaults);
  CPPUNIT_TEST(letters);
  CPPUNIT_TEST(long_names);
  CPPUNIT_TEST(clusters);
  CPPUNIT_TEST(options_end_at_the_command);
  CPPUNIT_TEST(ids);
  CPPUNIT_TEST(formats);
  CPPUNIT_TEST(bad_command_lines);
  CPPUNIT_TEST_SUITE_END();

 public:
  void defaults() {
    const StatOptions options = good({"true"});
    CPPUNIT_ASSERT(options.inherit && !options.per_thread && !options.attaches());
    CPPUNIT_ASSERT(options.format == StatFormat::kText);
    CPPUNIT_ASSERT_EQUAL(1u, options.repeat);
    CPPUNIT_ASSERT_EQUAL(std::string(), options.events);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, options.command.size());
  }

  void letters() {
    const StatOptions options = good({"-e", "cycles", "-g", "-i", "-r", "5", "-o", "file",
                                      "--append", "-e", "loads", "-v", "-v", "-B", "true"});
    CPPUNIT_ASSERT_EQUAL(std::string("cycles,loads"), options.events);
    CPPUNIT_ASSERT(!options.inherit && options.append && options.big_numbers);
    CPPUNIT_ASSERT_EQUAL(5u, options.repeat);
    CPPUNIT_ASSERT_EQUAL(std::string("file"), options.output_path);
    CPPUNIT_ASSERT_EQUAL(2, options.verbosity);
    CPPUNIT_ASSERT_EQUAL(100u, good({"-I", "100", "true"}).interval_ms);
    CPPUNIT_ASSERT(good({"-n", "true"}).no_counters);
    CPPUNIT_ASSERT(good({"-h"}).help);
  }

  void long_names() {
    const StatOptions options =
        good({"--event=cycles", "--group", "--no-inherit", "--per-thread", "--interval-print", "20",
              "--log-fd", "3", "--no-big-num", "--verbose", "--", "sleep", "1"});
    CPPUNIT_ASSERT(options.per_thread && !options.inherit && !options.big_numbers);
    CPPUNIT_ASSERT_EQUAL(3, options.log_fd);
    CPPUNIT_ASSERT_EQUAL(20u, options.interval_ms);
    CPPUNIT_ASSERT_EQUAL(std::string("sleep"), options.command.front());
    CPPUNIT_ASSERT(good({"--null", "--repeat", "2", "true"}).no_counters);
    CPPUNIT_ASSERT_EQUAL(7, good({"--pid", "7"}).pids.front());
    CPPUNIT_ASSERT_EQUAL(8, good({"--tid", "8"}).tids.front());
  }

  void clusters() {
    // As fingers type them for perf.
    CPPUNIT_ASSERT(!good({"-gie", "cycles", "true"}).inherit);
    CPPUNIT_ASSERT_EQUAL(std::string("cycles"), good({"-iecycles", "true"}).events);
    CPPUNIT_ASSERT_EQUAL(9u, good({"-nr9", "true"}).repeat);
    CPPUNIT_ASSERT_EQUAL(std::string(","), good({"-x,", "true"}).separator);
    CPPUNIT_ASSERT_EQUAL(std::string(";"), good({"-ivx;", "true"}).separator);
    CPPUNIT_ASSERT(good({"-jv", "true"}).format == StatFormat::kJson);
  }

  void options_end_at_the_command() {
    const StatOptions options = good({"-i", "ls", "-r", "--help"});
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, options.command.size());
    CPPUNIT_ASSERT_EQUAL(1u, options.repeat);
    CPPUNIT_ASSERT_EQUAL(std::string("-x"), good({"--", "-x"}).command.front());
  }

  void ids() {
    const StatOptions options = good({"-p", "1,22,333"});
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, options.pids.size());
    CPPUNIT_ASSERT_EQUAL(333, options.pids.back());
    CPPUNIT_ASSERT(options.attaches());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, good({"-t", "5", "sleep", "1"}).tids.size());
  }

  void formats() {
    CPPUNIT_ASSERT(good({"-x", ",", "true"}).format == StatFormat::kCsv);
    CPPUNIT_ASSERT_EQUAL(std::string("\t"), good({"-x", "\\t", "true"}).separator);
    CPPUNIT_ASSERT(good({"-j", "true"}).format == StatFormat::kJson);
  }

  void bad_command_lines() {
    const struct {
      int line;
      std::initializer_list<const char*> words;
      const char* says;
    } cases[] = {
        {__LINE__, {}, "no command"},
        {__LINE__, {"-e", "cycles"}, "no command"},
        {__LINE__, {"-e"}, "'-e' wants an argument"},
        {__LINE__, {"-e", "", "true"}, "-e wants an event"},
        {__LINE__, {"--event"}, "'--event' wants an argument"},
        {__LINE__, {"-Z", "true"}, "'-Z'"},
        {__LINE__, {"--no-such", "true"}, "'--no-such'"},
        {__LINE__, {"-a", "true"}, "whole CPUs"},
        {__LINE__, {"-C", "0", "true"}, "whole CPUs"},
        {__LINE__, {"-r", "0", "true"}, "not '0'"},
        {__LINE__, {"-r", "x", "true"}, "not 'x'"},
        {__LINE__, {"-r", "3x", "true"}, "not '3x'"},
        {__LINE__, {"-r", "-1", "true"}, "not '-1'"},
        {__LINE__, {"-I", "0", "true"}, "-I wants milliseconds"},
        {__LINE__, {"-I", "99999999999", "true"}, "-I wants milliseconds"},
        {__LINE__, {"-p", "abc"}, "not 'abc'"},
        {__LINE__, {"-p", "1,"}, "not ''"},
        {__LINE__, {"-p", "0"}, "not '0'"},
        {__LINE__, {"-t", "-5"}, "not '-5'"},
        {__LINE__, {"-p", "1", "-t", "2"}, "-p and -t"},
        {__LINE__, {"-x", "", "true"}, "-x wants a separator"},
        {__LINE__, {"-x", ",", "-j", "true"}, "-x and -j"},
        {__LINE__, {"-j", "-x", ",", "true"}, "-x and -j"},
        {__LINE__, {"-o", "", "true"}, "-o wants a file"},
        {__LINE__, {"--append", "true"}, "--append needs -o"},
        {__LINE__, {"-o", "f", "--log-fd", "3", "true"}, "-o and --log-fd"},
        {__LINE__, {"--log-fd", "x", "true"}, "file descriptor"},
        {__LINE__, {"-n", "-e", "cycles", "true"}, "-n does not go with -e"},
        {__LINE__, {"-r", "2", "-p", "1"}, "-r does not go with"},
        {__LINE__, {"-r", "2", "-I", "10", "true"}, "-r does not go with"},
        {__LINE__, {"-r", "2", "--per-thread", "true"}, "-r does not go with"},
        {__LINE__, {"-n", "-p", "1"}, "-n needs a command"},
    };
    for (const auto& each : cases) {
      const auto options = parse(each.words);
      const std::string at = "line " + std::to_string(each.line);
      CPPUNIT_ASSERT_MESSAGE(at, !options.ok());
      CPPUNIT_ASSERT_MESSAGE(at + ": " + options.error().message,
                             options.error().message.find(each.says) != std::string::npos);
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StatOptionsTest);

}  // namespace
}  // namespace perfctr::test
