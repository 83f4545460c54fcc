// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/counter_set.hpp>
#include <perfctr/event.hpp>
#include <perfctr/result.hpp>

#include <sys/types.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace perfctr {

class BackendSampler;

// How often to sample: every so many events, or so many times in each second
// that a thread is on a CPU.  One of the two is 0.
struct SampleRate {
  std::uint64_t period = 0;
  std::uint64_t frequency = 0;
};
inline constexpr SampleRate kDefaultRate{.period = 0, .frequency = 4000};

struct SampledEvent {
  Event event;
  SampleRate rate = kDefaultRate;
  bool software = false;  // event.code is PERF_COUNT_SW_*: kPerfEvent only
};

// A list of events as parse_events() takes it, each with its own rate where it
// has one: "instructions:u@1000000,branch-misses@10k".  Also accepted are the
// software events of perf ("cpu-clock"), which need no hardware counter.
[[nodiscard]] Result<std::vector<SampledEvent>> parse_sampled_events(
    std::string_view text, SampleRate rate = kDefaultRate);

struct SamplerOptions {
  BackendKind backend = BackendKind::kAuto;
  pid_t tid = 0;                   // the thread to sample, 0: the caller
  bool inherit = false;            // also threads and children created from now on
  bool enable_on_exec = false;     // start at the first instruction after an exec
  bool call_chain = false;         // walk the frame pointers of each sample
  unsigned max_stack = 0;          // most entries of a call chain, 0: all there may be
  bool notify = false;             // one wake-up of fd() per sample instead of per batch
  int signal = 0;                  // sent to the sampled thread per sample, 0: none
  unsigned buffer_pages = 0;       // a power of two, 0: 128
  std::uint32_t wakeup_bytes = 0;  // that wake a poll() of fd(), 0: half the buffer
};

// Where a sample's instruction ran; the numbers of PERFCTR_IN_*.
enum class SampleMode : std::uint8_t { kKernel = 1, kUser = 2, kHypervisor = 3 };

struct Sample {
  std::uint64_t ip = 0;       // next instruction; 0: hidden by the policy
  std::uint64_t time_ns = 0;  // CLOCK_MONOTONIC
  pid_t pid = 0;
  pid_t tid = 0;
  std::uint32_t cpu = 0;
  std::uint32_t counters = 0;  // bit i: event i overflowed
  SampleMode mode = SampleMode::kUser;
  bool entered = false;      // the instruction entered the kernel; ip is its return
  std::uint64_t period = 0;  // of the lowest of these events
  std::uint64_t count = 0;   // of the thread, of the lowest of these; 0: not known
  // Return addresses, innermost first, without ip; those of the kernel, if any,
  // come first.  Valid until the callback returns.
  std::span<const std::uint64_t> chain;
};

// The values of PERFCTR_LOST_*.
enum class LostReason : std::uint32_t {
  kRate = 0,    // overflows came faster than samples are taken
  kBuffer = 1,  // the sample buffer was full
};

struct LostSamples {
  std::uint64_t lost = 0;
  std::uint64_t time_ns = 0;  // 0: not known
  pid_t pid = 0;              // 0: not known
  pid_t tid = 0;
  std::uint32_t counter = 0;
  LostReason why = LostReason::kRate;
};

struct SampleTotals {
  Reading reading;
  std::vector<std::uint64_t> missed;  // overflows of each event without a sample: rate
  std::uint64_t buffer_lost = 0;      // samples for which there was no room
  // perf_event only, which does not say how many overflows passed then: times
  // that the kernel stopped sampling for a while, because of the rate.
  std::uint64_t throttled = 0;
};

using OnSample = std::function<void(const Sample&)>;
using OnLost = std::function<void(const LostSamples&)>;

// Up to PERFCTR_MAX_COUNTERS events of one thread, and of all that inherit,
// sampled: per period of an event, where the thread was.  Ends with the object.
// Moves, does not copy.  One thread at a time may use it; any may.
//
//   auto sampler = Sampler::open("cycles@1000000");
//   sampler->start();
//   work();
//   sampler->total();  // brings what is still on its way
//   sampler->drain([&](const Sample& sample) { ++seen[sample.ip]; });
class Sampler final {
 public:
  // Stopped, ready for start() (or for exec).
  [[nodiscard]] static Result<Sampler> open(std::string_view events,
                                            const SamplerOptions& options = {},
                                            SampleRate rate = kDefaultRate);
  [[nodiscard]] static Result<Sampler> open(std::vector<SampledEvent> events,
                                            const SamplerOptions& options = {});

  // The same in three steps, for sampling a program from its first instruction;
  // see CounterSet::prepare().  The parent calls map_buffer() once configure()
  // has succeeded, wherever that was called.
  [[nodiscard]] static Result<Sampler> prepare(std::vector<SampledEvent> events,
                                               const SamplerOptions& options = {});
  [[nodiscard]] bool configure_in_target() const noexcept;
  [[nodiscard]] Result<void> configure(pid_t tid);
  [[nodiscard]] Result<void> map_buffer();

  Sampler(Sampler&&) noexcept;
  Sampler& operator=(Sampler&&) noexcept;
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler();

  Result<void> start();
  Result<void> stop();

  // For poll(): POLLIN when it is time to drain.
  [[nodiscard]] int fd() const noexcept;

  // Hands over what is in the buffer and empties it; the number of records.
  // Samples of one thread come in the order in which they were taken, those of
  // several do not.  Where a frequency was asked for, may change the period.
  Result<std::size_t> drain(const OnSample& on_sample, const OnLost& on_lost = {});

  // The sum over the thread and all that inherited.  Samples taken before the
  // call are in the buffer after it.
  Result<SampleTotals> total();

  [[nodiscard]] const std::vector<SampledEvent>& events() const noexcept { return events_; }
  [[nodiscard]] BackendKind backend() const noexcept;
  // The period of an event now; 0 where the kernel keeps it to itself.
  [[nodiscard]] std::uint64_t period(unsigned index) const noexcept;
  // In a handler of the signal: the mask of the events that overflowed, 0 when
  // the signal is not of this sampler.  Async-signal-safe.
  [[nodiscard]] std::uint32_t overflowed(const siginfo_t& info) const noexcept;

 private:
  Sampler(std::unique_ptr<BackendSampler> backend, std::vector<SampledEvent> events,
          const SamplerOptions& options);

  std::unique_ptr<BackendSampler> backend_;
  std::vector<SampledEvent> events_;
  SamplerOptions options_;
};

}  // namespace perfctr
