// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Samplers: the events' syntax, the device against a kernel made up here that
// may write anything into the buffer, and perf_event with software events.
#include "skip.hpp"

#include "device_sampler.hpp"
#include "fake_sampling_device.hpp"
#include "perf_sampler.hpp"

#include <public/perfctr.h>

#include <poll.h>

#include <cstdlib>
#include <ctime>
#include <random>

namespace perfctr::test {
namespace {

volatile std::uint64_t sink;

[[gnu::noinline]] void spin(double seconds) {
  const std::clock_t end = std::clock() + static_cast<std::clock_t>(seconds * CLOCKS_PER_SEC);
  while (std::clock() < end) {
    for (unsigned i = 0; i < 10000; ++i) sink = sink + i;
  }
}

class SamplerTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SamplerTest);
  CPPUNIT_TEST(events_with_periods);
  CPPUNIT_TEST(wrong_periods);
  CPPUNIT_TEST(arguments_are_checked);
  CPPUNIT_TEST(configuration_is_handed_over);
  CPPUNIT_TEST(refusals_become_sentences);
  CPPUNIT_TEST(records_are_handed_over);
  CPPUNIT_TEST(records_wrap);
  CPPUNIT_TEST(counts_run_over);
  CPPUNIT_TEST(rubbish_is_survived);
  CPPUNIT_TEST(other_buffers_are_refused);
  CPPUNIT_TEST(totals);
  CPPUNIT_TEST(frequency_is_adapted);
  CPPUNIT_TEST(fixed_periods_stay);
  CPPUNIT_TEST(signals_name_the_counters);
  CPPUNIT_TEST(perf_attributes);
  CPPUNIT_TEST(perf_samples_this_thread);
  CPPUNIT_TEST(perf_samples_each_cpu);
  CPPUNIT_TEST(perf_sends_signals);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    auto file = std::make_unique<FakeSamplingDevice>();
    device_ = file.get();
    sampler_ = std::make_unique<DeviceSampler>(std::move(file));
  }

  void events_with_periods() {
    const auto events = parse_sampled_events(
        "instructions:u@1000,r01c4@20k:k,cpu/event=0xc4,umask=0x1/@3M,cpu-clock,{cycles@7}:uk",
        {.period = 0, .frequency = 99});
    CPPUNIT_ASSERT_MESSAGE(events ? "" : events.error().sentence(), events.ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, events->size());
    const auto& list = *events;
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1000}, list[0].rate.period);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, list[0].rate.frequency);
    CPPUNIT_ASSERT_EQUAL(std::string("instructions:u"), list[0].event.name);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{20000}, list[1].rate.period);
    CPPUNIT_ASSERT_EQUAL(kDomainKernel, list[1].event.domains);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3000000}, list[2].rate.period);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{99}, list[3].rate.frequency);
    CPPUNIT_ASSERT(list[3].software && !list[0].software);
    CPPUNIT_ASSERT_EQUAL(std::string("cpu-clock:u"), list[3].event.name);
    CPPUNIT_ASSERT_EQUAL(kDomainUser | kDomainKernel, list[4].event.domains);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, list[4].rate.period);
  }

  void wrong_periods() {
    for (const char* text :
         {"cycles@", "cycles@0", "cycles@x", "cycles@-1", "cycles@1x", "cycles@70368744177664",
          "cycles@99999999G", "cycles@k", "cycles@18446744073709551616", "cycles@1@2"}) {
      const auto events = parse_sampled_events(text);
      CPPUNIT_ASSERT_MESSAGE(text, !events.ok());
      CPPUNIT_ASSERT_MESSAGE(text, !events.error().remedy.empty());
    }
    CPPUNIT_ASSERT(parse_sampled_events("cycles@70368744177663").ok());
    CPPUNIT_ASSERT(parse_sampled_events("cylces@5").error().code == Errc::kUnknownEvent);
  }

  void arguments_are_checked() {
    CPPUNIT_ASSERT(Sampler::open(std::vector<SampledEvent>{}).error().code == Errc::kBadArgument);
    std::vector<SampledEvent> events(PERFCTR_MAX_COUNTERS + 1);
    CPPUNIT_ASSERT(Sampler::open(events).error().code == Errc::kTooManyCounters);
    CPPUNIT_ASSERT(Sampler::open("cpu-clock", {.buffer_pages = 3}).error().code ==
                   Errc::kBadArgument);
    CPPUNIT_ASSERT(Sampler::open("cpu-clock", {.buffer_pages = 8192}).error().code ==
                   Errc::kBadArgument);
    CPPUNIT_ASSERT(Sampler::open("cpu-clock", {}, {.period = 0, .frequency = 0}).error().code ==
                   Errc::kBadArgument);
  }

  void configuration_is_handed_over() {
    open({.inherit = true,
          .enable_on_exec = true,
          .call_chain = true,
          .notify = true,
          .signal = 29,
          .buffer_pages = 2,
          .wakeup_bytes = 512});
    const perfctr_config& config = device_->config;
    CPPUNIT_ASSERT_EQUAL(static_cast<unsigned>(PERFCTR_F_INHERIT | PERFCTR_F_ENABLE_ON_EXEC |
                                               PERFCTR_F_NOTIFY | PERFCTR_F_CALLCHAIN),
                         static_cast<unsigned>(config.flags));
    CPPUNIT_ASSERT_EQUAL(2u, static_cast<unsigned>(config.nr));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{50000},
                         static_cast<std::uint64_t>(config.counter[0].period));
    CPPUNIT_ASSERT_EQUAL(static_cast<unsigned>(PERFCTR_MODE_SAMPLE),
                         static_cast<unsigned>(config.counter[1].mode));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7000}, static_cast<std::uint64_t>(config.counter[1].period));
    CPPUNIT_ASSERT_EQUAL(29u, static_cast<unsigned>(config.signal));
    CPPUNIT_ASSERT_EQUAL(2u, static_cast<unsigned>(config.buffer_pages));
    CPPUNIT_ASSERT_EQUAL(512u, static_cast<unsigned>(config.wakeup));
    CPPUNIT_ASSERT_EQUAL(static_cast<unsigned>(PERFCTR_MAX_STACK),
                         static_cast<unsigned>(config.max_stack));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7000}, sampler_->period(1));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, sampler_->period(2));
  }

  void refusals_become_sentences() {
    device_->errors[PERFCTR_IOC_CONFIGURE] = EINVAL;
    device_->bad_field = XEN_PERFCTR_BAD_PERIOD;
    CPPUNIT_ASSERT(sampler_->prepare(events_, {}).ok());
    const auto refused = sampler_->configure(events_, {});
    CPPUNIT_ASSERT(!refused.ok());
    CPPUNIT_ASSERT(refused.error().code == Errc::kBadPeriod);
    const std::string sentence = refused.error().sentence();
    CPPUNIT_ASSERT_MESSAGE(sentence, sentence.find("every 50000") != std::string::npos);
    CPPUNIT_ASSERT_MESSAGE(sentence, sentence.find("1000 to 2^46") != std::string::npos);

    setUp();
    device_->info.flags = 0;
    CPPUNIT_ASSERT(sampler_->prepare(events_, {}).error().code == Errc::kUnsupported);
    setUp();
    device_->info.abi = 1;
    CPPUNIT_ASSERT(sampler_->prepare(events_, {}).error().code == Errc::kAbi);
    setUp();
    std::vector<SampledEvent> software = events_;
    software[1].software = true;
    CPPUNIT_ASSERT(sampler_->prepare(software, {}).error().code == Errc::kNotCountable);
  }

  void records_are_handed_over() {
    open({.buffer_pages = 1});
    device_->put_sample({.ip = 0x401000,
                         .time = 77,
                         .pid = 10,
                         .tid = 11,
                         .cpu = 3,
                         .counters = 3,
                         .period = 50000,
                         .count = 150000,
                         .flags = PERFCTR_SAMPLE_ENTERED},
                        {0x401100, 0x401200});
    device_->put_lost(5, 78, 11, 1, PERFCTR_LOST_BUFFER);
    const std::uint64_t unknown[2] = {(16ull << 48) | 99, 0};
    device_->put(unknown, sizeof(unknown));
    device_->put_sample({.ip = 0xffff830000001000, .mode = PERFCTR_IN_HYPERVISOR});
    drain();
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, samples_.size());
    const Sample& sample = samples_[0];
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x401000}, sample.ip);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{77}, sample.time_ns);
    CPPUNIT_ASSERT(sample.pid == 10 && sample.tid == 11 && sample.cpu == 3);
    CPPUNIT_ASSERT(sample.counters == 3 && sample.entered);
    CPPUNIT_ASSERT(sample.mode == SampleMode::kUser);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{50000}, sample.period);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{150000}, sample.count);
    CPPUNIT_ASSERT((chains_[0] == std::vector<std::uint64_t>{0x401100, 0x401200}));
    CPPUNIT_ASSERT(samples_[1].mode == SampleMode::kHypervisor && chains_[1].empty());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, lost_.size());
    CPPUNIT_ASSERT(lost_[0].lost == 5 && lost_[0].counter == 1 && lost_[0].tid == 11);
    CPPUNIT_ASSERT(lost_[0].why == LostReason::kBuffer);
    // All is consumed, and the kernel is told so.
    CPPUNIT_ASSERT_EQUAL(static_cast<std::uint64_t>(device_->header().data_head),
                         static_cast<std::uint64_t>(device_->header().data_tail));
    drain();
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, samples_.size());
  }

  // Records of 72 bytes do not divide a page: sooner or later each part of one
  // lies across its end.
  void records_wrap() {
    open({.buffer_pages = 1});
    for (std::uint64_t i = 0; i < 1000; ++i) {
      device_->put_sample({.ip = i, .count = ~i}, {i * 3});
      drain();
      CPPUNIT_ASSERT_EQUAL(std::size_t{i + 1}, samples_.size());
      CPPUNIT_ASSERT_EQUAL(i, samples_.back().ip);
      CPPUNIT_ASSERT_EQUAL(~i, samples_.back().count);
      CPPUNIT_ASSERT_EQUAL(i * 3, chains_.back().at(0));
    }
  }

  // The free-running counts pass zero.
  void counts_run_over() {
    device_->start = ~std::uint64_t{0} - 127;
    open({.buffer_pages = 1});
    for (std::uint64_t i = 0; i < 5; ++i) device_->put_sample({.ip = i});
    drain();
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, samples_.size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, samples_.back().ip);
  }

  // Any content, any head: an error or wrong samples, and the next good record
  // is found again.
  void rubbish_is_survived() {
    const std::uint64_t odd[][2] = {{0, 0},                     // size 0
                                    {4ull << 48 | 1, 0},        // below a header
                                    {9ull << 48 | 1, 0},        // odd
                                    {0xfff8ull << 48 | 1, 0}};  // beyond the head
    for (const auto& record : odd) {
      setUp();
      open({.buffer_pages = 1});
      device_->put(record, sizeof(record));
      expect_broken();
    }
    for (const std::uint64_t head :
         {std::uint64_t{4097}, ~std::uint64_t{0}, std::uint64_t{4}, std::uint64_t{1} << 63}) {
      setUp();
      open({.buffer_pages = 1});
      device_->head = device_->header().data_head = head;
      expect_broken();
    }
    // A chain that claims more than its record holds is cut.
    setUp();
    open({.buffer_pages = 1});
    perfctr_record_sample liar{};
    liar.record = {.type = PERFCTR_RECORD_SAMPLE, .mode = 2, .size = sizeof(liar)};
    liar.nr_chain = 0xffffffff;
    device_->put(&liar, sizeof(liar));
    samples_.clear();
    drain();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, samples_.size());
    CPPUNIT_ASSERT(chains_.back().empty());
    // A record that is only a header.
    const std::uint64_t bare = 8ull << 48 | PERFCTR_RECORD_SAMPLE;
    device_->put(&bare, sizeof(bare));
    const std::uint64_t bare_lost = 8ull << 48 | PERFCTR_RECORD_LOST;
    device_->put(&bare_lost, sizeof(bare_lost));
    drain();

    std::mt19937_64 random(1);
    for (int round = 0; round < 2000; ++round) {
      for (std::uint64_t& word : device_->memory) word = random();
      device_->header().data_head = device_->header().data_tail + random() % 8192;
      (void)sampler_->drain([](const Sample&) {}, [](const LostSamples&) {});
    }
  }

  void other_buffers_are_refused() {
    CPPUNIT_ASSERT(sampler_->prepare(events_, {}).ok());
    device_->map_error = EPERM;
    CPPUNIT_ASSERT(sampler_->map_buffer().error().message.find("sample buffer") !=
                   std::string::npos);
  }

  void totals() {
    open({});
    device_->read.nr = 2;
    device_->read.state = PERFCTR_STATE_EXITED;
    device_->read.value[1] = 9;
    device_->read.missed[1] = 4;
    device_->read.missed[2] = 99;  // of no counter
    device_->read.buffer_lost = 6;
    const auto totals = sampler_->total();
    CPPUNIT_ASSERT(totals.ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, totals->missed.size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, totals->missed[1]);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{9}, totals->reading.values[1]);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, totals->buffer_lost);
    // A kernel that claims more counters than there may be.
    device_->read.nr = 4000000000;
    CPPUNIT_ASSERT_EQUAL(std::size_t{PERFCTR_MAX_COUNTERS}, sampler_->total()->missed.size());
    device_->errors[PERFCTR_IOC_READ] = ENODEV;
    CPPUNIT_ASSERT(sampler_->total().error().code == Errc::kDisabled);
  }

  void frequency_is_adapted() {
    std::vector<SampledEvent> events = events_;
    events[1].rate = {.period = 0, .frequency = 1000};
    CPPUNIT_ASSERT(sampler_->prepare(events, {}).ok());
    CPPUNIT_ASSERT(sampler_->configure(events, {}).ok());
    CPPUNIT_ASSERT(sampler_->map_buffer().ok());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1000000}, sampler_->period(1));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1000000},
                         static_cast<std::uint64_t>(device_->config.counter[1].period));
    // 200 million events a second: 1000 samples a second need a period of 200000.
    device_->read.nr = 2;
    device_->read.state = PERFCTR_STATE_RUNNING;
    std::uint64_t period = 0;
    for (int step = 1; step <= 5; ++step) {
      device_->read.value[0] += 1;
      device_->read.value[1] += 2000000;
      device_->read.time_running += 10000000;
      device_->put_sample({});
      drain();
      period = sampler_->period(1);
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{200000}, period);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, device_->periods.size());
    CPPUNIT_ASSERT_EQUAL(1u, static_cast<unsigned>(device_->periods.back().counter));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{200000},
                         static_cast<std::uint64_t>(device_->periods.back().period));
    // Never below what the domain is allowed; no events say nothing.
    for (int step = 1; step <= 20; ++step) {
      device_->read.value[1] += 100;
      device_->read.time_running += 10000000;
      (void)sampler_->total();
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1000}, sampler_->period(1));
    device_->read.time_running += 1000000000;
    (void)sampler_->total();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1000}, sampler_->period(1));
    device_->errors[PERFCTR_IOC_PERIOD] = EACCES;
    device_->read.value[1] += 1000000000;
    device_->read.time_running += 10000000;
    CPPUNIT_ASSERT(!sampler_->total().ok());
  }

  void fixed_periods_stay() {
    open({});
    device_->read.nr = 2;
    device_->read.state = PERFCTR_STATE_RUNNING;
    device_->read.value[0] = 1;
    device_->read.time_running = 1000000000;
    device_->put_sample({});
    drain();
    CPPUNIT_ASSERT(device_->periods.empty());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{50000}, sampler_->period(0));
  }

  void signals_name_the_counters() {
    siginfo_t info{};
    info.si_code = PERFCTR_SI_OVERFLOW;
    info.si_value.sival_int = 5;
    CPPUNIT_ASSERT_EQUAL(5u, sampler_->overflowed(info));
    info.si_code = SI_USER;
    CPPUNIT_ASSERT_EQUAL(0u, sampler_->overflowed(info));
  }

  void perf_attributes() {
    SampledEvent event = events_[0];
    perf_event_attr attr = PerfSampler::attribute(
        event, {.inherit = true, .enable_on_exec = true, .call_chain = true}, 4096, true);
    CPPUNIT_ASSERT(attr.type == PERF_TYPE_RAW && attr.config == 0xc0 && !attr.freq);
    CPPUNIT_ASSERT(attr.sample_period == 50000 && attr.inherit && attr.enable_on_exec);
    CPPUNIT_ASSERT(attr.disabled && attr.pinned && attr.use_clockid && attr.sample_id_all);
    CPPUNIT_ASSERT(attr.clockid == CLOCK_MONOTONIC && attr.exclude_kernel && !attr.exclude_user);
    CPPUNIT_ASSERT((attr.sample_type & PERF_SAMPLE_CALLCHAIN) != 0);
    CPPUNIT_ASSERT(attr.watermark && attr.wakeup_watermark == 4096);
    event.rate = {.period = 0, .frequency = 999};
    event.software = true;
    attr = PerfSampler::attribute(event, {.notify = true}, 4096, false);
    CPPUNIT_ASSERT(attr.type == PERF_TYPE_SOFTWARE && attr.freq && attr.sample_freq == 999);
    CPPUNIT_ASSERT(!attr.watermark && attr.wakeup_events == 1 && !attr.disabled && !attr.pinned);
    CPPUNIT_ASSERT((attr.sample_type & PERF_SAMPLE_CALLCHAIN) == 0);
  }

  void perf_samples_this_thread() {
    Sampler sampler = perf({.call_chain = true, .buffer_pages = 8});
    CPPUNIT_ASSERT(sampler.start().ok());
    spin(0.2);
    CPPUNIT_ASSERT(sampler.stop().ok());
    const auto [samples, in_spin] = drain(sampler);
    // One per 0.5 ms; a loaded machine takes fewer.
    CPPUNIT_ASSERT_MESSAGE(std::to_string(samples), samples > 50 && samples < 1000);
    CPPUNIT_ASSERT_MESSAGE(std::to_string(in_spin), in_spin * 2 > samples);
    const auto totals = sampler.total();
    CPPUNIT_ASSERT(totals.ok() && totals->reading.values[0] > 100000000);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{500000}, sampler.period(0));
  }

  void perf_samples_each_cpu() {
    Sampler sampler = perf({.inherit = true, .buffer_pages = 8, .wakeup_bytes = 64});
    CPPUNIT_ASSERT(sampler.start().ok());
    spin(0.2);
    pollfd poll{.fd = sampler.fd(), .events = POLLIN, .revents = 0};
    CPPUNIT_ASSERT_EQUAL(1, ::poll(&poll, 1, 0));
    CPPUNIT_ASSERT(sampler.stop().ok());
    const auto [samples, in_spin] = drain(sampler);
    CPPUNIT_ASSERT_MESSAGE(std::to_string(samples), samples > 50 && samples < 1000);
    CPPUNIT_ASSERT_EQUAL(0, ::poll(&poll, 1, 0));
  }

  void perf_sends_signals() {
    Sampler sampler = perf({.signal = SIGRTMIN, .buffer_pages = 8});
    sampler_in_handler_ = &sampler;
    struct sigaction action {
    }, before{};
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
      signals_ = signals_ + (sampler_in_handler_->overflowed(*info) == 1 ? 1 : 0);
    };
    signals_ = 0;
    ::sigaction(SIGRTMIN, &action, &before);
    CPPUNIT_ASSERT(sampler.start().ok());
    spin(0.1);
    CPPUNIT_ASSERT(sampler.stop().ok());
    ::sigaction(SIGRTMIN, &before, nullptr);
    CPPUNIT_ASSERT_MESSAGE(std::to_string(signals_), signals_ > 20);
    CPPUNIT_ASSERT(
        Sampler::open("cpu-clock@500k",
                      {.backend = BackendKind::kPerfEvent, .inherit = true, .signal = 12})
            .error()
            .code == Errc::kUnsupported);
  }

 private:
  void open(const SamplerOptions& options) {
    CPPUNIT_ASSERT(sampler_->prepare(events_, options).ok());
    CPPUNIT_ASSERT(sampler_->configure(events_, options).ok());
    CPPUNIT_ASSERT(sampler_->map_buffer().ok());
  }
  Result<std::size_t> try_drain() {
    return sampler_->drain(
        [this](const Sample& sample) {
          samples_.push_back(sample);
          chains_.emplace_back(sample.chain.begin(), sample.chain.end());
        },
        [this](const LostSamples& lost) { lost_.push_back(lost); });
  }
  void drain() {
    const auto drained = try_drain();
    CPPUNIT_ASSERT_MESSAGE(drained ? "" : drained.error().sentence(), drained.ok());
  }
  void expect_broken() {
    samples_.clear();
    CPPUNIT_ASSERT(try_drain().error().code == Errc::kLost);
    device_->put_sample({.ip = 5});
    drain();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, samples_.size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, samples_[0].ip);
  }

  static Sampler perf(SamplerOptions options) {
    options.backend = BackendKind::kPerfEvent;
    auto sampler = Sampler::open("cpu-clock:u@500k", options);
    if (!sampler) skip("no software events here: " + sampler.error().sentence());
    return std::move(*sampler);
  }
  // The number of samples, and of those whose ip is in spin().
  static std::pair<unsigned, unsigned> drain(Sampler& sampler) {
    unsigned samples = 0, in_spin = 0;
    const auto begin = reinterpret_cast<std::uintptr_t>(&spin);
    std::uint64_t last = 0;
    const auto drained = sampler.drain([&](const Sample& sample) {
      ++samples;
      if (sample.ip >= begin && sample.ip < begin + 200) ++in_spin;
      CPPUNIT_ASSERT(sample.mode == SampleMode::kUser && sample.pid == ::getpid());
      CPPUNIT_ASSERT(sample.counters == 1 && sample.period == 500000);
      last = sample.time_ns;
    });
    CPPUNIT_ASSERT(drained.ok());
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto now_ns = static_cast<std::uint64_t>(now.tv_sec) * 1000000000u +
                        static_cast<std::uint64_t>(now.tv_nsec);
    CPPUNIT_ASSERT(last <= now_ns && last + 10000000000 > now_ns);
    return {samples, in_spin};
  }

  static inline Sampler* sampler_in_handler_ = nullptr;
  static inline volatile unsigned signals_ = 0;

  FakeSamplingDevice* device_ = nullptr;
  std::unique_ptr<DeviceSampler> sampler_;
  const std::vector<SampledEvent> events_ = {
      {{"instructions:u", "", 0xc0, kDomainUser}, {.period = 50000, .frequency = 0}},
      {{"branches:u", "", 0xc4, kDomainUser}, {.period = 7000, .frequency = 0}},
  };
  std::vector<Sample> samples_;
  std::vector<std::vector<std::uint64_t>> chains_;
  std::vector<LostSamples> lost_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SamplerTest);

}  // namespace
}  // namespace perfctr::test
