// SPDX-License-Identifier: LGPL-2.1-or-later
//
// `perfctr report` as a user runs it; and its figures next to those of perf, for
// recordings that perf makes here.
#include "skip.hpp"

#include "perf_data_image.hpp"
#include "report_options.hpp"

#include <filesystem>
#include <fstream>

namespace perfctr::test {
namespace {

using namespace perfctr::cli;
using report::SortKey;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Result<ReportOptions> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "report");
  std::vector<char*> args;
  for (std::string& word : words) args.push_back(word.data());
  return parse_report_options(args);
}

class ReportCommandTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ReportCommandTest);
  CPPUNIT_TEST(options);
  CPPUNIT_TEST(bad_options);
  CPPUNIT_TEST(statuses);
  CPPUNIT_TEST(damaged_files);
  CPPUNIT_TEST(events_are_selected);
  CPPUNIT_TEST(chains_are_needed);
  CPPUNIT_TEST(standard_input);
  CPPUNIT_TEST(outputs_to_files);
  CPPUNIT_TEST(full_disk);
  CPPUNIT_TEST(static_command);
  CPPUNIT_TEST(like_perf);
  CPPUNIT_TEST(like_perf_through_a_pipe);
  CPPUNIT_TEST(own_recording);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    command_ = setting("PERFCTR_BUILD") + "/perfctr";
    directory_ = setting("PERFCTR_SCRATCH") + "/report-command";
    std::filesystem::create_directories(directory_);
    file_ = directory_ + "/perf.data";
    write(image_of_everything().file());
  }

  void options() {
    const auto options =
        parse({"-i",         "x",      "-e",         "cycles",    "--sort",
               "dso,symbol", "-g",     "--children", "--samples", "--percent-limit",
               "2.5",        "-o",     "out",        "--symfs",   "/r",
               "--kallsyms", "k",      "--xen-syms", "s",         "--no-demangle",
               "-n",         "--stdio"});
    CPPUNIT_ASSERT(options.ok());
    CPPUNIT_ASSERT_EQUAL(std::string("x"), options->input);
    CPPUNIT_ASSERT_EQUAL(std::string("cycles"), options->event);
    CPPUNIT_ASSERT(options->table.keys == std::vector({SortKey::kDso, SortKey::kSymbol}));
    CPPUNIT_ASSERT(options->table.call_graph && options->table.children &&
                   options->table.by_samples);
    CPPUNIT_ASSERT_EQUAL(2.5, options->table.percent_limit);
    CPPUNIT_ASSERT_EQUAL(std::string("out"), options->output);
    CPPUNIT_ASSERT_EQUAL(std::string("/r"), options->symbols.root);
    CPPUNIT_ASSERT_EQUAL(std::string("k"), options->symbols.kernel_table);
    CPPUNIT_ASSERT_EQUAL(std::string("s"), options->symbols.hypervisor_table);
    CPPUNIT_ASSERT(!options->symbols.demangle && !options->help);
    const auto none = parse({});
    CPPUNIT_ASSERT(none->input == "perf.data" && none->format == ReportFormat::kText);
    CPPUNIT_ASSERT(parse({"--svg", "f"})->format == ReportFormat::kSvg);
    CPPUNIT_ASSERT(parse({"--pprof", "f"})->output == "f");
    CPPUNIT_ASSERT(parse({"--folded"})->format == ReportFormat::kFolded);
    CPPUNIT_ASSERT(!parse({"--children", "--no-children"})->table.children);
    CPPUNIT_ASSERT(parse({"-h"})->help);
  }

  void bad_options() {
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"-Z"},
                                               {"--nonsense"},
                                               {"-i"},
                                               {"-i", ""},
                                               {"perf.data"},
                                               {"-s", "pid"},
                                               {"-s", "comm,"},
                                               {"-s", "comm,comm"},
                                               {"--percent-limit", "x"},
                                               {"--percent-limit", "101"},
                                               {"--percent-limit", "-1"},
                                               {"--percent-limit", "nan"},
                                               {"-j", "--folded"},
                                               {"--svg", "a", "--pprof", "b"},
                                               {"-g", "-j"},
                                               {"--children", "--folded"}}) {
      const auto options = parse(words);
      CPPUNIT_ASSERT_MESSAGE(words.front(), !options);
      CPPUNIT_ASSERT(!options.error().message.empty());
    }
    CPPUNIT_ASSERT_EQUAL(2, perfctr("-Z").status);
    CPPUNIT_ASSERT_EQUAL(2, perfctr("surplus").status);
  }

  void statuses() {
    CPPUNIT_ASSERT_EQUAL(0, perfctr("-i " + file_).status);
    const Ran missing = perfctr("-i " + directory_ + "/none");
    CPPUNIT_ASSERT_EQUAL(1, missing.status);
    CPPUNIT_ASSERT(contains(missing.output, "No such file") &&
                   contains(missing.output, "Record first"));
    CPPUNIT_ASSERT_EQUAL(1, perfctr("-i " + directory_).status);
    expect_failure("hello", "not a perf.data file");
    expect_failure("", "the file is empty");
    expect_failure(PerfDataImage().file(), "no samples");
    write(image_of_everything().file());
    CPPUNIT_ASSERT_EQUAL(1, perfctr("-i " + file_ + " --kallsyms /no/such/table").status);
  }

  void damaged_files() {
    const std::string file = image_of_everything().file();
    write(file.substr(0, file.size() - 500));
    const Ran ran = perfctr("-i " + file_);
    CPPUNIT_ASSERT_EQUAL(1, ran.status);
    CPPUNIT_ASSERT(contains(ran.output, "perfctr: warning: the file was cut off"));
    CPPUNIT_ASSERT(contains(ran.output, "  parent "));
  }

  void events_are_selected() {
    const std::string input = "-i " + file_;
    const Ran both = perfctr(input);
    CPPUNIT_ASSERT(contains(both.output, "'instructions:u'") &&
                   contains(both.output, "'cycles:ukh'"));
    const Ran one = perfctr(input + " -e cycles");
    CPPUNIT_ASSERT(!contains(one.output, "'instructions:u'") &&
                   contains(one.output, "[hypervisor]"));
    const Ran none = perfctr(input + " -e branches");
    CPPUNIT_ASSERT_EQUAL(1, none.status);
    CPPUNIT_ASSERT(contains(none.output, "It has 'instructions:u', 'cycles:ukh'."));
    const Ran folded = perfctr(input + " --folded");
    CPPUNIT_ASSERT(contains(folded.output, "this output has one event, 'instructions:u'"));
    CPPUNIT_ASSERT_EQUAL(std::string("parent;[program];[program];[hypervisor]_[h] 1\n"),
                         perfctr(input + " -e cycles --folded --samples").output);
  }

  void chains_are_needed() {
    PerfDataImage image({ImageEvent{.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID}});
    image.record(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, Packer().u64(1).u32(2).u32(2).bytes());
    write(image.file());
    CPPUNIT_ASSERT_EQUAL(0, perfctr("-i " + file_).status);
    const Ran ran = perfctr("-g -i " + file_);
    CPPUNIT_ASSERT_EQUAL(1, ran.status);
    CPPUNIT_ASSERT(contains(ran.output, "Record with -g."));
    CPPUNIT_ASSERT(contains(perfctr("--folded -i " + file_).output, "one level"));
  }

  void standard_input() {
    write(image_of_everything().stream());
    CPPUNIT_ASSERT_EQUAL(run("cat " + file_ + " | " + command_ + " report -i -").output,
                         perfctr("-i " + file_).output);
    CPPUNIT_ASSERT_EQUAL(0, run(command_ + " report -i - < " + file_).status);
  }

  void outputs_to_files() {
    for (const char* option : {"--svg", "--pprof", "-j -o", "--folded -o", "-o"}) {
      const std::string out = directory_ + "/out";
      std::filesystem::remove(out);
      const Ran ran = perfctr("-e cycles -i " + file_ + ' ' + option + ' ' + out);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(option, std::string(), ran.output);
      CPPUNIT_ASSERT_EQUAL(0, ran.status);
      CPPUNIT_ASSERT(std::filesystem::file_size(out) > 20);
    }
    CPPUNIT_ASSERT(perfctr("-e cycles --svg - -i " + file_).output.starts_with("<?xml"));
    CPPUNIT_ASSERT_EQUAL(1, perfctr("--svg /no/such/directory/x -i " + file_).status);
  }

  void full_disk() {
    if (!std::filesystem::exists("/dev/full")) skip("there is no /dev/full");
    const Ran ran = run(command_ + " report -i " + file_ + " > /dev/full");
    CPPUNIT_ASSERT_EQUAL(1, ran.status);
    CPPUNIT_ASSERT(contains(ran.output, "No space left"));
  }

  void static_command() {
    CPPUNIT_ASSERT_EQUAL(perfctr("-i " + file_).output,
                         run(command_ + "-static report -i " + file_).output);
  }

  void like_perf() {
    record_with_perf("-o " + file_);
    compare_with_perf();
  }

  void like_perf_through_a_pipe() {
    record_with_perf("-o - > " + file_);
    compare_with_perf();
  }

  // `perfctr record`, `perfctr report` and perf agree.
  void own_recording() {
    build_program();
    std::filesystem::remove(file_);
    const Ran ran =
        run(command_ + " record -e cpu-clock:u -c 200000 -g -o " + file_ + " -- " + program());
    if (ran.status != 0) skip("perfctr cannot record here");
    const Ran report = perfctr("-g -i " + file_);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(report.output, 0, report.status);
    CPPUNIT_ASSERT_MESSAGE(report.output, contains(report.output, "[.] leaf"));
    CPPUNIT_ASSERT_MESSAGE(report.output, contains(report.output, "---main\n"));
    if (run("perf version").status == 0) compare_with_perf();
  }

 private:
  Ran perfctr(const std::string& line) { return run(command_ + " report " + line); }
  void write(const std::string& bytes) {
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
  }
  void expect_failure(const std::string& bytes, const std::string& part) {
    write(bytes);
    const Ran ran = perfctr("-i " + file_);
    CPPUNIT_ASSERT_EQUAL(1, ran.status);
    CPPUNIT_ASSERT_MESSAGE(ran.output, contains(ran.output, part));
    CPPUNIT_ASSERT_MESSAGE(ran.output, contains(ran.output, file_));
    // What was wrong, and what to do.
    CPPUNIT_ASSERT_EQUAL(2l, std::count(ran.output.begin(), ran.output.end(), '\n'));
  }

  // A program of several processes and functions, with known symbols.
  void build_program() {
    std::ofstream(directory_ + "/work.c") << R"(
#include <unistd.h>
#include <sys/wait.h>
volatile long sink;
__attribute__((noinline)) void leaf(long n) { for (long i = 0; i < n; ++i) sink += i; }
__attribute__((noinline)) void middle(long n) { leaf(n); __asm__(""); leaf(n / 2); __asm__(""); }
__attribute__((noinline)) void other(long n) { for (long i = 0; i < n; ++i) sink ^= i; }
int main(void) {
  int child = fork();
  for (int i = 0; i < 20; ++i) { middle(300000); __asm__(""); other(300000); }
  if (child == 0) execl("/bin/true", "true", (char *)0);
  waitpid(child, 0, 0);
  return 0;
}
)";
    const Ran built =
        run("cc -O1 -fno-omit-frame-pointer -o " + program() + ' ' + directory_ + "/work.c");
    CPPUNIT_ASSERT_MESSAGE(built.output, built.status == 0);
  }
  std::string program() const { return directory_ + "/work"; }

  void record_with_perf(const std::string& output) {
    if (run("perf version").status != 0) skip("perf is not installed");
    build_program();
    std::filesystem::remove(file_);
    const Ran ran =
        run("perf record -q -e cpu-clock:u -c 200000 -g " + output + " -- " + program());
    if (ran.status != 0) skip("perf cannot record here");
  }

  // Numbers of samples by command, object and symbol have to be those of perf;
  // what neither has a symbol for is compared by object.
  void compare_with_perf() {
    const Ran perf = run("perf report -i " + file_ +
                         " --stdio --no-children -g none --no-demangle -n -F sample,comm,dso,sym "
                         "-t '|' 2>/dev/null | grep -v '^#' | grep . | awk -F'|' '{ "
                         "for (i = 1; i <= 4; ++i) gsub(/^ +| +$/, \"\", $i); "
                         "if ($4 ~ /0x/ || $4 ~ /@plt/) $4 = \"\"; "
                         "n[$2 \" \" $3 \" \" $4] += $1 } "
                         "END { for (k in n) print n[k], k }' | sort");
    const Ran ours =
        run(command_ + " report --no-demangle -j -i " + file_ +
            " | python3 -c \"\nimport json, sys, collections\n"
            "n = collections.Counter()\n"
            "for r in json.load(sys.stdin)['events'][0]['rows']:\n"
            "    s = '[%s] %s' % (r['mode'], r['symbol'])\n"
            "    if '0x' in s or '@plt' in s: s = ''\n"
            "    n[r['command'] + ' ' + r['dso'].split('/')[-1] + ' ' + s] += r['samples']\n"
            "for k in n: print(n[k], k)\" | sort");
    CPPUNIT_ASSERT_MESSAGE(perf.output, contains(perf.output, "work work [.] leaf"));
    CPPUNIT_ASSERT_EQUAL(perf.output, ours.output);
  }

  std::string command_, directory_, file_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReportCommandTest);

}  // namespace
}  // namespace perfctr::test
