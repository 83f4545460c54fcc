// SPDX-License-Identifier: LGPL-2.1-or-later
//
// `perfctr record`: its command line, its files as perf reads them, and whole
// recordings with a software event, which needs no hardware counter.
#include "skip.hpp"

#include "device_sampler.hpp"
#include "fake_sampling_device.hpp"
#include "perf_data_writer.hpp"
#include "proc_records.hpp"
#include "record_options.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace perfctr::test {
namespace {

using namespace perfctr::cli;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Result<RecordOptions> parse(const std::string& line) {
  static std::vector<std::string> words;
  words = {"record"};
  std::istringstream in(line);
  for (std::string word; in >> word;) words.push_back(word);
  std::vector<char*> args;
  for (std::string& word : words) args.push_back(word.data());
  return parse_record_options(args);
}

// Two threads that call hot() by way of middle().
const char kProgram[] = R"(
#include <pthread.h>
#include <stdlib.h>
volatile unsigned long sink;
// Compilers make no frame for a function that calls no other.
__attribute__((noinline)) void leaf(void) { __asm__ volatile(""); }
__attribute__((noinline)) void hot(long n) {
  for (long i = 0; i < n; i++) {
    sink += i;
    if (i % 1024 == 0) leaf();
  }
}
__attribute__((noinline)) void middle(long n) { hot(n); __asm__ volatile(""); }
static void *thread(void *n) { middle((long)n); return 0; }
int main(int argc, char **argv) {
  long n = argc > 1 ? atol(argv[1]) : 60000000;
  pthread_t other;
  pthread_create(&other, 0, thread, (void *)n);
  middle(n);
  pthread_join(other, 0);
  return 3;
}
)";

class RecordTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(RecordTest);
  CPPUNIT_TEST(options);
  CPPUNIT_TEST(wrong_options);
  CPPUNIT_TEST(mappings);
  CPPUNIT_TEST(kernel_records_are_adopted);
  CPPUNIT_TEST(perf_reads_the_file);
  CPPUNIT_TEST(perf_orders_by_time);
  CPPUNIT_TEST(perf_shows_losses);
  CPPUNIT_TEST(older_files_are_kept);
  CPPUNIT_TEST(full_disk);
  CPPUNIT_TEST(records_a_command);
  CPPUNIT_TEST(records_by_tracing);
  CPPUNIT_TEST(traces_short_programs);
  CPPUNIT_TEST(tracing_leaves_signals_alone);
  CPPUNIT_TEST(records_a_running_process);
  CPPUNIT_TEST(failures_leave_no_file);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    scratch_ = setting("PERFCTR_SCRATCH") + "/record";
    CPPUNIT_ASSERT_EQUAL(0, test::run("rm -rf " + scratch_ + "; mkdir -p " + scratch_).status);
  }

  void options() {
    auto options = parse("-e cycles@5 -e stores -F 99 -g -o x -i -m 64 -v ls -l");
    CPPUNIT_ASSERT_MESSAGE(options ? "" : options.error().message, options.ok());
    CPPUNIT_ASSERT_EQUAL(std::string("cycles@5,stores"), options->events);
    CPPUNIT_ASSERT(options->rate.frequency == 99 && options->rate.period == 0);
    CPPUNIT_ASSERT(options->call_chain && !options->inherit && options->buffer_pages == 64);
    CPPUNIT_ASSERT((options->command == std::vector<std::string>{"ls", "-l"}));
    CPPUNIT_ASSERT_EQUAL(std::string("x"), options->output_path);
    options = parse("-c 1000 -p 1,2 --side-band trace -- true -c");
    CPPUNIT_ASSERT(options->rate.period == 1000 && options->rate.frequency == 0);
    CPPUNIT_ASSERT((options->pids == std::vector<int>{1, 2}));
    CPPUNIT_ASSERT(options->side_band == SideBandSource::kTrace);
    CPPUNIT_ASSERT_EQUAL(std::string("perf.data"), options->output_path);
    CPPUNIT_ASSERT(parse("true")->rate.frequency == 4000);
  }

  void wrong_options() {
    for (const char* line :
         {"", "-c 0 true", "-c x true", "-F 0 true", "-c 1 -F 1 true", "-p 1 -t 2", "-p x true",
          "-m 3 true", "-m 8192 true", "--call-graph dwarf true", "--side-band x true", "-a true",
          "-e", "-Z true"}) {
      CPPUNIT_ASSERT_MESSAGE(line, !parse(line).ok());
    }
    CPPUNIT_ASSERT(contains(parse("-a true").error().message, "threads only"));
  }

  void mappings() {
    Mapping mapping;
    CPPUNIT_ASSERT(
        parse_mapping("7f00-8000 r-xp 00001000 fe:00 77      /usr/lib/a b.so (deleted)", &mapping));
    CPPUNIT_ASSERT(mapping.start == 0x7f00 && mapping.length == 0x100 && mapping.offset == 0x1000);
    CPPUNIT_ASSERT(mapping.major == 0xfe && mapping.minor == 0 && mapping.inode == 77);
    CPPUNIT_ASSERT(mapping.protection == 5 && mapping.flags == 2);
    CPPUNIT_ASSERT_EQUAL(std::string("/usr/lib/a b.so (deleted)"), mapping.path);
    CPPUNIT_ASSERT(parse_mapping("7f00-8000 rwxs 0 0:0 0 ", &mapping));
    CPPUNIT_ASSERT(mapping.path == "//anon" && mapping.protection == 7 && mapping.flags == 1);
    for (const char* line : {"", "x", "7f00-8000 rw-p 0 0:0 0", "8000-7f00 r-xp 0 0:0 0",
                             "7f00-8000 r-xp 0", "7f00 8000 r-xp 0 0:0 0"}) {
      CPPUNIT_ASSERT_MESSAGE(line, !parse_mapping(line, &mapping));
    }
  }

  void kernel_records_are_adopted() {
    RecordBytes record = comm_record({1, 2}, "name", true, 99);
    record[record.size() - 8] = std::byte{55};
    std::uint64_t time_ns = 0;
    CPPUNIT_ASSERT(adopt_record(record, &time_ns));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{99}, time_ns);
    CPPUNIT_ASSERT(record == comm_record({1, 2}, "name", true, 99));
    RecordBytes shorter(39);
    CPPUNIT_ASSERT(!adopt_record(shorter, &time_ns));
  }

  // From the device's buffer to perf's output.
  void perf_reads_the_file() {
    need_perf();
    auto writer = create(true);
    FakeSamplingDevice* device = nullptr;
    auto sampler = sample_device(&device);
    writer.add(10, comm_record({100, 100}, "prog", true, 10));
    writer.add(11, fork_record({100, 101}, {100, 100}, 11));
    device->put_sample({.ip = 0x401000,
                        .time = 1000000001,
                        .pid = 100,
                        .tid = 100,
                        .cpu = 1,
                        .counters = 3,
                        .period = 50000},
                       {0x401100, 0xffffffffffffffff, 0x401200});
    device->put_sample({.ip = 0xffffffff81000010,
                        .time = 1000000002,
                        .pid = 100,
                        .tid = 101,
                        .counters = 2,
                        .period = 7000,
                        .mode = PERFCTR_IN_KERNEL},
                       {0x401300});
    device->put_sample({.ip = 0xffff82d040201234,
                        .time = 1000000003,
                        .pid = 100,
                        .tid = 100,
                        .counters = 1,
                        .period = 50000,
                        .mode = PERFCTR_IN_HYPERVISOR});
    device->put_sample({.ip = 0x401000, .time = 1000000004, .counters = 4});  // no such event
    drain(*sampler, writer);
    CPPUNIT_ASSERT(writer.finish().ok());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, writer.samples());

    const Ran script =
        test::run("perf script -F comm,pid,tid,cpu,time,event,period,ip -i " + file_ + " 2>&1");
    CPPUNIT_ASSERT_EQUAL_MESSAGE(script.output, 0, script.status);
    const std::string expected = R"(prog 100/100 [001] 1.000000: 50000 instructions:u:
401000
401100
401200
prog 100/100 [001] 1.000000: 7000 branches:ukh:
401000
401100
401200
prog 100/101 [000] 1.000000: 7000 branches:ukh:
ffffffff81000010
401300
prog 100/100 [000] 1.000000: 50000 instructions:u:
ffff82d040201234
)";
    CPPUNIT_ASSERT_EQUAL(expected, squeezed(script.output));
    const std::string report =
        test::run("perf report --stdio -g none -i " + file_ + " 2>&1").output;
    CPPUNIT_ASSERT_MESSAGE(report, contains(report, "Samples: 2  of event 'instructions:u'"));
    CPPUNIT_ASSERT_MESSAGE(report, contains(report, "Event count (approx.): 100000"));
    CPPUNIT_ASSERT_MESSAGE(report, contains(report, "Samples: 2  of event 'branches:ukh'"));
    CPPUNIT_ASSERT_MESSAGE(report, contains(report, "[H] 0xffff82d040201234"));
    CPPUNIT_ASSERT_MESSAGE(report, contains(report, "[k] 0xffffffff81000010"));
    const std::string header = test::run("perf script --header-only -i " + file_).output;
    for (const char* part :
         {"cmdline : perfctr record x y", "name = branches:ukh, , id = { 2 }, type = 4",
          "time of first sample : 1.000000", "arch : x86_64", "perf version : perfctr 1."}) {
      CPPUNIT_ASSERT_MESSAGE(header + "lacks " + part, contains(header, part));
    }
  }

  // Batches of threads come in any order.
  void perf_orders_by_time() {
    need_perf();
    auto writer = create(false);
    FakeSamplingDevice* device = nullptr;
    auto sampler = sample_device(&device);
    writer.add(10, comm_record({100, 100}, "prog", true, 10));
    for (std::uint64_t round = 1; round <= 3; ++round) {
      for (std::uint32_t thread : {0u, 1u}) {
        for (std::uint64_t i = 0; i < 50; ++i) {
          const std::uint64_t time = round * 1000000 + i * 10000 + thread;
          device->put_sample({.ip = time, .time = time, .pid = 100, .tid = 100 + thread});
        }
      }
      drain(*sampler, writer);
      CPPUNIT_ASSERT(writer.flush((round - 1) * 1000000 + 250000).ok());
    }
    CPPUNIT_ASSERT(writer.finish().ok());
    std::istringstream lines(test::run("perf script -F ip -i " + file_ + " 2>/dev/null").output);
    std::uint64_t last = 0;
    unsigned nr = 0;
    for (std::uint64_t ip; lines >> std::hex >> ip; ++nr) {
      CPPUNIT_ASSERT(ip > last);
      last = ip;
    }
    CPPUNIT_ASSERT_EQUAL(300u, nr);
    // In the file itself as well: perf sorts within a round only.
    last = 0;
    nr = 0;
    for (const std::uint64_t time : sample_times()) {
      CPPUNIT_ASSERT(time > last);
      last = time;
      ++nr;
    }
    CPPUNIT_ASSERT_EQUAL(300u, nr);
    const std::string dump =
        test::run("perf report -D -i " + file_ + " 2>&1 | grep -c 'PERF_RECORD_FINISHED_ROUND'")
            .output;
    CPPUNIT_ASSERT_EQUAL(std::string("4\n"), dump);
  }

  void perf_shows_losses() {
    need_perf();
    auto writer = create(false);
    FakeSamplingDevice* device = nullptr;
    auto sampler = sample_device(&device);
    device->put_sample({.ip = 1, .time = 5, .pid = 9, .tid = 9});
    device->put_lost(30, 6, 9, 0, PERFCTR_LOST_BUFFER);
    device->put_lost(41, 7, 9, 1, PERFCTR_LOST_RATE);
    device->put_lost(41, 7, 9, 77, PERFCTR_LOST_RATE);  // of no event
    drain(*sampler, writer);
    CPPUNIT_ASSERT(writer.finish().ok());
    const std::string dump = test::run("perf report -D -i " + file_ + " 2>/dev/null").output;
    CPPUNIT_ASSERT_MESSAGE(dump, contains(dump, "PERF_RECORD_LOST: id:1: lost:30"));
    CPPUNIT_ASSERT_MESSAGE(dump,
                           contains(dump, "PERF_RECORD_LOST_SAMPLES: id:2: lost samples :41"));
    const std::string report = test::run("perf report --stdio -i " + file_ + " 2>&1").output;
    CPPUNIT_ASSERT_MESSAGE(report, contains(report, "Total Lost Samples: 41"));
  }

  void older_files_are_kept() {
    CPPUNIT_ASSERT(create(false).finish().ok());
    CPPUNIT_ASSERT(create(true).finish().ok());
    struct stat status {};
    CPPUNIT_ASSERT_EQUAL(0, ::stat((file_ + ".old").c_str(), &status));
    CPPUNIT_ASSERT_EQUAL(0, ::stat(file_.c_str(), &status));
    CPPUNIT_ASSERT_EQUAL(0600u, static_cast<unsigned>(status.st_mode & 0777));
  }

  void full_disk() {
    if (::access("/dev/full", W_OK) != 0) skip("there is no /dev/full");
    const auto writer =
        PerfDataWriter::create("/dev/full", {.events = events_, .command_line = {}});
    CPPUNIT_ASSERT(!writer.ok());
    CPPUNIT_ASSERT(contains(writer.error().sentence(), "make room"));
  }

  void records_a_command() {
    need_recording();
    const Ran ran = record("-e cpu-clock@200k -g -o " + file_ + " -- " + program());
    CPPUNIT_ASSERT_EQUAL_MESSAGE(ran.output, 3, ran.status);
    CPPUNIT_ASSERT_MESSAGE(ran.output, contains(ran.output, " 0 lost, 0 missed (rate)"));
    expect_hot_program();
  }

  void records_by_tracing() {
    need_recording();
    // A library that comes late, a child without a program of its own, threads.
    const Ran ran =
        record("--side-band trace -e cpu-clock@200k -g -o " + file_ +
               " -- sh -c '(while [ -e /nowhere ]; do :; done); " + program() + "; exit 6'");
    CPPUNIT_ASSERT_EQUAL_MESSAGE(ran.output, 6, ran.status);
    CPPUNIT_ASSERT_MESSAGE(ran.output, contains(ran.output, "with ptrace and /proc"));
    expect_hot_program();
    const std::string events =
        test::run("perf script --show-mmap-events --show-task-events -i " + file_).output;
    for (const char* part : {"PERF_RECORD_COMM exec: sh:", "PERF_RECORD_COMM exec: program:",
                             "PERF_RECORD_FORK", "PERF_RECORD_EXIT", "libc.so.6"}) {
      CPPUNIT_ASSERT_MESSAGE(part, contains(events, part));
    }
  }

  // Too short for a look now and then: what it maps is seen when it ends.
  void traces_short_programs() {
    need_recording();
    const Ran ran = record("-q --side-band trace -e cpu-clock -o " + file_ + " true");
    CPPUNIT_ASSERT_EQUAL_MESSAGE(ran.output, 0, ran.status);
    // With no sample, perf script shows nothing.
    const std::string dump = test::run("perf report -D -i " + file_ + " 2>/dev/null").output;
    CPPUNIT_ASSERT(contains(dump, "libc.so.6"));
  }

  void tracing_leaves_signals_alone() {
    need_recording();
    const std::string command = "record -q --side-band trace -e cpu-clock -o " + file_ + " -- ";
    const auto traced = [&](const std::string& rest) {
      return test::run("PERFCTR_BACKEND=perf_event timeout 20 " + perfctr() + " " + command + rest);
    };
    CPPUNIT_ASSERT_EQUAL(143, traced("sh -c 'kill -TERM $$'").status);
    CPPUNIT_ASSERT_EQUAL(137, traced("sh -c 'kill -KILL $$'").status);
    const Ran trap = traced("sh -c 'trap \"echo caught\" USR1; kill -USR1 $$; exit 4'");
    CPPUNIT_ASSERT_EQUAL(std::string("caught\n"), trap.output);
    CPPUNIT_ASSERT_EQUAL(4, trap.status);
    // Stopped by a signal, and made to go on.
    const Ran stopped = traced("sh -c '(sleep 0.3; kill -CONT $$) & kill -STOP $$; exit 8'");
    CPPUNIT_ASSERT_EQUAL_MESSAGE(stopped.output, 8, stopped.status);
    CPPUNIT_ASSERT_EQUAL(127, traced("no-such-command").status);
    CPPUNIT_ASSERT_EQUAL(126, traced("/").status);
  }

  void records_a_running_process() {
    need_recording();
    for (const char* way : {"kernel", "trace"}) {
      const Ran ran =
          test::run(program() + " 100000000000 & pid=$!\nPERFCTR_BACKEND=perf_event " + perfctr() +
                    " record --side-band " + way + " -e cpu-clock@200k -g -o " + file_ +
                    " -p $pid -- sleep 0.3\nstatus=$?; kill $pid; exit $status");
      CPPUNIT_ASSERT_EQUAL_MESSAGE(ran.output, 0, ran.status);
      expect_hot_program();
    }
  }

  void failures_leave_no_file() {
    need_recording();
    const Ran missing = record("-e cpu-clock -o " + file_ + " no-such-command");
    CPPUNIT_ASSERT_EQUAL_MESSAGE(missing.output, 127, missing.status);
    CPPUNIT_ASSERT(::access(file_.c_str(), F_OK) != 0);
    CPPUNIT_ASSERT_EQUAL(1, record("-e cpu-clock -o /no/such/file true").status);
    CPPUNIT_ASSERT_EQUAL(1, record("-e cpu-clock -o " + file_ + " -p 99999999 true").status);
    CPPUNIT_ASSERT(::access(file_.c_str(), F_OK) != 0);
    const Ran hypervisor = record("-e cpu-clock:h -o " + file_ + " touch " + scratch_ + "/ran");
    CPPUNIT_ASSERT_EQUAL(1, hypervisor.status);
    CPPUNIT_ASSERT(contains(hypervisor.output, "hypervisor"));
    CPPUNIT_ASSERT(::access((scratch_ + "/ran").c_str(), F_OK) != 0);
  }

 private:
  static std::string perfctr() { return setting("PERFCTR_BUILD") + "/perfctr"; }
  static Ran record(const std::string& rest) {
    return test::run("PERFCTR_BACKEND=perf_event " + perfctr() + " record " + rest);
  }
  static void need_perf() {
    if (test::run("perf --version").status != 0) skip("perf is not installed");
  }
  void need_recording() {
    need_perf();
    const Ran ran = record("-q -e cpu-clock -o /dev/null true");
    if (ran.status != 0) skip("no software events here: " + ran.output);
  }
  // Both threads in hot(), called from middle().
  void expect_hot_program() {
    const std::string report = test::run(
                                   "perf report --stdio -g none --no-children --sort "
                                   "comm,dso,sym -i " +
                                   file_ + " 2>/dev/null")
                                   .output;
    CPPUNIT_ASSERT_MESSAGE(report, contains(squeezed(report), "program program [.] hot"));
    const std::string threads =
        test::run("perf script -F tid,ip,sym -i " + file_ +
                  " 2>/dev/null | awk '/^ *[0-9]+ *$/ { t = $1 } / hot$/ { print t }' | sort -u "
                  "| wc -l")
            .output;
    CPPUNIT_ASSERT_EQUAL(std::string("2\n"), threads);
    const std::string chains = test::run("perf script -F ip,sym -i " + file_).output;
    CPPUNIT_ASSERT(contains(chains, " middle"));
    CPPUNIT_ASSERT(contains(chains, " main"));
  }
  std::string program() {
    const std::string source = scratch_ + "/program.c";
    const std::string binary = scratch_ + "/program";
    std::ofstream(source) << kProgram;
    const Ran built =
        test::run("cc -O1 -g -fno-omit-frame-pointer " + source + " -o " + binary + " -pthread");
    CPPUNIT_ASSERT_MESSAGE(built.output, built.status == 0);
    return binary;
  }
  // Of the samples, in the order of the file.
  std::vector<std::uint64_t> sample_times() {
    std::ifstream in(file_, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::vector<std::uint64_t> times;
    std::uint64_t data[2];  // the header's section of records: offset and size
    std::memcpy(data, bytes.data() + 40, sizeof(data));
    for (std::uint64_t at = data[0]; at < data[0] + data[1];) {
      perf_event_header header;
      std::memcpy(&header, bytes.data() + at, sizeof(header));
      CPPUNIT_ASSERT(header.size >= sizeof(header));
      if (header.type == PERF_RECORD_SAMPLE) {
        // After header, id, ip and thread.
        std::memcpy(&times.emplace_back(), bytes.data() + at + 32, sizeof(std::uint64_t));
      }
      at += header.size;
    }
    return times;
  }
  // Blanks and empty lines taken off.
  static std::string squeezed(const std::string& text) {
    std::string result;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string all;
      for (std::string word; words >> word;) all += (all.empty() ? "" : " ") + word;
      if (!all.empty()) result += all + "\n";
    }
    return result;
  }

  PerfDataWriter create(bool call_chain) {
    file_ = scratch_ + "/perf.data";
    auto writer = PerfDataWriter::create(file_, {.events = events_,
                                                 .command_line = {"perfctr", "record", "x", "y"},
                                                 .call_chain = call_chain});
    CPPUNIT_ASSERT(writer.ok());
    return std::move(*writer);
  }
  std::unique_ptr<DeviceSampler> sample_device(FakeSamplingDevice** device) {
    auto file = std::make_unique<FakeSamplingDevice>();
    *device = file.get();
    auto sampler = std::make_unique<DeviceSampler>(std::move(file));
    CPPUNIT_ASSERT(sampler->prepare(events_, {.buffer_pages = 4}).ok());
    CPPUNIT_ASSERT(sampler->configure(events_, {.buffer_pages = 4}).ok());
    CPPUNIT_ASSERT(sampler->map_buffer().ok());
    return sampler;
  }
  static void drain(DeviceSampler& sampler, PerfDataWriter& writer) {
    const std::vector<std::uint64_t> periods = {sampler.period(0), sampler.period(1)};
    CPPUNIT_ASSERT(sampler
                       .drain([&](const Sample& sample) { writer.add_sample(sample, periods); },
                              [&](const LostSamples& lost) { writer.add_lost(lost); })
                       .ok());
  }

  const std::vector<SampledEvent> events_ = {
      {{"instructions:u", "", 0xc0, kDomainUser}, {.period = 50000, .frequency = 0}},
      {{"branches:ukh", "", 0xc4, kDomainUser | kDomainKernel | kDomainHypervisor},
       {.period = 7000, .frequency = 0}},
  };
  std::string scratch_;
  std::string file_ = setting("PERFCTR_SCRATCH") + "/record/perf.data";
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordTest);

}  // namespace
}  // namespace perfctr::test
