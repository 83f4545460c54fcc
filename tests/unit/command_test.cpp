// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command as a user runs it, as far as that goes without counters: exit
// statuses, where output goes, signals, and that every option is documented.
#include "skip.hpp"

#include "program.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace perfctr::test {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// "-e" and "--event" of a help text.
std::set<std::string> options_of(const std::string& help) {
  std::set<std::string> options;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  ")) continue;
    std::istringstream words(line);
    for (std::string word; words >> word && word.starts_with("-");) {
      while (word.ends_with(',')) word.pop_back();
      options.insert(word);
    }
    const auto more = line.find("; --");
    if (more != std::string::npos)
      options.insert(line.substr(more + 2, line.find(' ', more + 2) - more - 2));
  }
  return options;
}

class CommandTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(CommandTest);
  CPPUNIT_TEST(help_everywhere);
  CPPUNIT_TEST(version);
  CPPUNIT_TEST(wrong_command_lines);
  CPPUNIT_TEST(status_of_the_command);
  CPPUNIT_TEST(results_on_standard_error);
  CPPUNIT_TEST(results_in_a_file);
  CPPUNIT_TEST(signals_are_handed_on);
  CPPUNIT_TEST(repeats);
  CPPUNIT_TEST(bad_events);
  CPPUNIT_TEST(no_device);
  CPPUNIT_TEST(no_counters_leave_nothing_running);
  CPPUNIT_TEST(info_and_check);
  CPPUNIT_TEST(lists);
  CPPUNIT_TEST(options_are_documented);
  CPPUNIT_TEST(options_are_completed);
  CPPUNIT_TEST(static_command);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { command_ = setting("PERFCTR_BUILD") + "/perfctr"; }

  void help_everywhere() {
    for (const char* line : {"--help", "-h", "help"}) {
      const Ran ran = perfctr(line);
      CPPUNIT_ASSERT_EQUAL(0, ran.status);
      CPPUNIT_ASSERT(contains(ran.output, "Usage: perfctr"));
    }
    for (const char* verb : {"stat", "record", "report", "list", "info", "check", "help"}) {
      const std::string name = verb;
      const Ran by_option = perfctr(name + " --help");
      const Ran by_verb = perfctr("help " + name);
      CPPUNIT_ASSERT_EQUAL(0, by_option.status);
      CPPUNIT_ASSERT(contains(by_option.output, "Usage: perfctr " + name));
      CPPUNIT_ASSERT_EQUAL(by_option.output, by_verb.output);
    }
  }

  void version() {
    CPPUNIT_ASSERT(perfctr("--version").output.starts_with("perfctr 1."));
    CPPUNIT_ASSERT_EQUAL(0, perfctr("-V").status);
  }

  void wrong_command_lines() {
    for (const char* line :
         {"", "nonsense", "--nonsense", "stat", "stat -Z true", "stat -r x true", "record",
          "record -Z true", "list -Z", "list a b", "info x", "check --x", "help nonsense"}) {
      const Ran ran = perfctr(line);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(line, 2, ran.status);
      CPPUNIT_ASSERT_MESSAGE(line, contains(ran.output, "erfctr"));
    }
  }

  void status_of_the_command() {
    CPPUNIT_ASSERT_EQUAL(0, perfctr("stat -n true").status);
    CPPUNIT_ASSERT_EQUAL(7, perfctr("stat -n sh -c 'exit 7'").status);
    CPPUNIT_ASSERT_EQUAL(143, perfctr("stat -n sh -c 'kill -TERM $$'").status);
    const Ran missing = perfctr("stat -n no-such-command");
    CPPUNIT_ASSERT_EQUAL(127, missing.status);
    CPPUNIT_ASSERT(contains(missing.output, "no-such-command"));
    CPPUNIT_ASSERT_EQUAL(127, perfctr("stat -n /no/such/command").status);
    CPPUNIT_ASSERT_EQUAL(126, perfctr("stat -n /etc/passwd").status);
    CPPUNIT_ASSERT_EQUAL(126, perfctr("stat -n /").status);
  }

  void results_on_standard_error() {
    CPPUNIT_ASSERT_EQUAL(std::string("out\n"),
                         run(command_ + " stat -n echo out 2>/dev/null").output);
    CPPUNIT_ASSERT(contains(run(command_ + " stat -n echo out 2>&1 >/dev/null").output,
                            "seconds time elapsed"));
  }

  void results_in_a_file() {
    const std::string scratch = scratch_directory("output");
    const std::string file = scratch + "/results";
    CPPUNIT_ASSERT_EQUAL(std::string(), perfctr("stat -n -o " + file + " true").output);
    const std::string once = read_file(file);
    CPPUNIT_ASSERT(once.starts_with("# started on ") && contains(once, "seconds time elapsed"));
    CPPUNIT_ASSERT_EQUAL(0, perfctr("stat -n -o " + file + " --append true").status);
    CPPUNIT_ASSERT(read_file(file).size() > once.size() + 50);
    CPPUNIT_ASSERT_EQUAL(0, perfctr("stat -n -o " + file + " true").status);
    CPPUNIT_ASSERT(read_file(file).size() < once.size() + 50);
    CPPUNIT_ASSERT_EQUAL(std::string(), perfctr("stat -n --log-fd 9 true 9>" + file).output);
    CPPUNIT_ASSERT(contains(read_file(file), "seconds time elapsed"));
    CPPUNIT_ASSERT_EQUAL(1, perfctr("stat -n -o /no/such/file true").status);
    CPPUNIT_ASSERT_EQUAL(1, perfctr("stat -n --log-fd 99 true").status);
  }

  void signals_are_handed_on() {
    // The shell waits for the signal; its trap decides the status.
    const Ran ran =
        run("{ " + command_ +
            " stat -n sh -c 'trap \"exit 9\" TERM; touch \"$0\"; while :; do sleep 0.05; done' " +
            scratch_directory("signal") + "/ready & }; pid=$!\n" + "while [ ! -e " +
            setting("PERFCTR_SCRATCH") + "/signal/ready ]; do sleep 0.05; done\n" +
            "kill -TERM $pid; wait $pid; echo status $?");
    CPPUNIT_ASSERT_MESSAGE(ran.output, contains(ran.output, "status 9"));
    CPPUNIT_ASSERT_MESSAGE(ran.output, contains(ran.output, "seconds time elapsed"));
  }

  void repeats() {
    const Ran ran = perfctr("stat -n -r 3 echo x");
    CPPUNIT_ASSERT(contains(ran.output, "x\nx\nx\n"));
    CPPUNIT_ASSERT(contains(ran.output, "(3 runs)"));
    CPPUNIT_ASSERT_EQUAL(4, perfctr("stat -n -r 2 sh -c 'exit 4'").status);
  }

  void bad_events() {
    const Ran ran = perfctr("stat -e instrctions touch " + scratch_directory("bad") + "/ran");
    CPPUNIT_ASSERT_EQUAL(1, ran.status);
    CPPUNIT_ASSERT(contains(ran.output, "'instrctions'"));
    CPPUNIT_ASSERT(contains(ran.output, "Did you mean 'instructions'?"));
    // Nothing was run.
    CPPUNIT_ASSERT(!std::ifstream(setting("PERFCTR_SCRATCH") + "/bad/ran").good());
  }

  void no_device() {
    if (std::ifstream("/dev/perfctr").good()) skip("this machine has /dev/perfctr");
    const Ran ran = run("PERFCTR_BACKEND=device " + command_ + " stat true");
    CPPUNIT_ASSERT_EQUAL(1, ran.status);
    CPPUNIT_ASSERT(contains(ran.output, "/dev/perfctr does not exist"));
    CPPUNIT_ASSERT(contains(ran.output, "modprobe perfctr"));
    CPPUNIT_ASSERT_EQUAL(1, run("PERFCTR_BACKEND=nonsense " + command_ + " stat true").status);
  }

  void no_counters_leave_nothing_running() {
    const Ran counted =
        run("PERFCTR_BACKEND=perf_event " + command_ + " stat -e instructions true");
    if (counted.status == 0) skip("this machine has counters");
    const std::string file = scratch_directory("none") + "/ran";
    const Ran ran = run("PERFCTR_BACKEND=perf_event " + command_ + " stat touch " + file);
    CPPUNIT_ASSERT_EQUAL(1, ran.status);
    CPPUNIT_ASSERT(ran.output.starts_with("perfctr: "));
    CPPUNIT_ASSERT(!std::ifstream(file).good());
    // An exit status of its own tells 'nothing counted' from 'counted wrong'.
    CPPUNIT_ASSERT_EQUAL(2, run("PERFCTR_BACKEND=perf_event " + command_ + " check").status);
  }

  void info_and_check() {
    const Ran info = perfctr("info");
    CPPUNIT_ASSERT(info.status == 0 || contains(info.output, "[NO]"));
    CPPUNIT_ASSERT(contains(info.output, "events"));
    const Ran device = run("PERFCTR_BACKEND=device " + command_ + " info");
    CPPUNIT_ASSERT(contains(device.output, "perfctr="));
  }

  void lists() {
    CPPUNIT_ASSERT(contains(perfctr("list hw").output, "instructions"));
    CPPUNIT_ASSERT(
        contains(perfctr("list -l br_inst_retired:cond").output, "skl::BR_INST_RETIRED:COND"));
    CPPUNIT_ASSERT(
        contains(perfctr("list -j branch-misses").output, "\"name\" : \"branch-misses\""));
    CPPUNIT_ASSERT_EQUAL(1, perfctr("list no-such-event").status);
  }

  void options_are_documented() {
    const std::string manuals = setting("PERFCTR_SOURCE") + "/man/";
    unsigned checked = 0;
    for (const cli::Verb& verb : cli::verbs()) {
      const std::string page = std::string(verb.name) == "help"
                                   ? "perfctr.1"
                                   : std::string("perfctr-") + verb.name + ".1";
      // What a reader sees, blanks removed: "-e,--eventevents".
      std::string text = read_file(manuals + page);
      CPPUNIT_ASSERT_MESSAGE(page, !text.empty());
      for (const std::string& option : options_of(verb.help)) {
        // In mdoc, "-e" is "Fl e" and "--event" is "Fl Fl event".
        const std::string word =
            option.starts_with("--") ? "Fl Fl " + option.substr(2) : "Fl " + option.substr(1);
        CPPUNIT_ASSERT_MESSAGE(page + " lacks " + option, contains(text, word));
        ++checked;
      }
    }
    CPPUNIT_ASSERT(checked > 35);
    for (const char* page : {"perfctr.1", "libperfctr.3", "perfctr.4"}) {
      CPPUNIT_ASSERT_MESSAGE(page, !read_file(manuals + page).empty());
    }
  }

  void options_are_completed() {
    const std::string completion =
        read_file(setting("PERFCTR_SOURCE") + "/completion/perfctr.bash");
    for (const cli::Verb& verb : cli::verbs()) {
      for (const std::string& option : options_of(verb.help)) {
        CPPUNIT_ASSERT_MESSAGE(option, contains(completion, option));
      }
    }
    const Ran ran =
        run("bash -c '. " + setting("PERFCTR_SOURCE") +
            "/completion/perfctr.bash; COMP_WORDS=(perfctr in); COMP_CWORD=1; _perfctr; "
            "echo ${COMPREPLY[@]}'");
    CPPUNIT_ASSERT_EQUAL(std::string("info\n"), ran.output);
  }

  void static_command() {
    const Ran ran = run("ldd " + command_ + "-static");
    CPPUNIT_ASSERT_MESSAGE(ran.output, contains(ran.output, "not a dynamic executable") ||
                                           contains(ran.output, "statically linked"));
    CPPUNIT_ASSERT_EQUAL(0, run(command_ + "-static stat -n true").status);
  }

 private:
  Ran perfctr(const std::string& line) { return run(command_ + " " + line); }
  static std::string scratch_directory(const std::string& name) {
    const std::string path = setting("PERFCTR_SCRATCH") + "/" + name;
    CPPUNIT_ASSERT_EQUAL(0, run("rm -rf " + path + "; mkdir -p " + path).status);
    return path;
  }

  std::string command_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CommandTest);

}  // namespace
}  // namespace perfctr::test
