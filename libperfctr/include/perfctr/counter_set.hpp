// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/event.hpp>
#include <perfctr/reader.hpp>
#include <perfctr/result.hpp>

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace perfctr {

class BackendSet;

// Where counts come from.
enum class BackendKind {
  kAuto,       // PERFCTR_BACKEND if set, else the device if present, else perf
  kDevice,     // /dev/perfctr: a Xen guest with the perfctr module
  kPerfEvent,  // Linux perf_event_open: bare metal
};

// Values of PERFCTR_STATE_*.
enum class State : std::uint32_t {
  kFree = 0,
  kStopped = 1,
  kRunning = 2,
  kLost = 3,     // the values cannot be trusted any more
  kRevoked = 4,  // frozen by the domain's policy
  kExited = 5,   // the target thread has exited
};

struct Options {
  BackendKind backend = BackendKind::kAuto;
  pid_t tid = 0;                // the thread to count, 0: the caller
  bool inherit = false;         // also threads and children created from now on
  bool per_thread = false;      // keep a record of each thread, for read_threads()
  bool enable_on_exec = false;  // start at the first instruction after an exec
};

// All counters of a set, read through the kernel.
struct Reading {
  State state = State::kFree;
  std::vector<std::uint64_t> values;  // in the order of the events
  std::uint64_t time_enabled_ns = 0;  // since started, without stops
  std::uint64_t time_running_ns = 0;  // on a CPU while counting
  std::uint64_t time_stolen_ns = 0;   // of these, stolen by the hypervisor
  std::uint32_t nr_threads = 0;       // counted, ended ones included
  std::uint32_t lost = 0;             // of these, with lost counts
};

struct ThreadReading {
  pid_t tid = 0;
  pid_t pid = 0;
  std::string comm;
  Reading reading;
};

// Up to PERFCTR_MAX_COUNTERS counters of one thread, counting together or not at
// all.  Ends with the object.  Moves, does not copy.  Only reader() and the
// read functions made of it are bound to the counted thread; start(), stop(),
// reset() and total() may be called by any thread, one at a time.
class CounterSet final {
 public:
  // A stopped set, ready for start() (or for exec).
  [[nodiscard]] static Result<CounterSet> open(std::string_view events,
                                               const Options& options = {});
  [[nodiscard]] static Result<CounterSet> open(std::vector<Event> events,
                                               const Options& options = {});

  // The same in two steps, for counting a program from its first instruction:
  // the parent prepares, configure() is called on the child's behalf, the child
  // executes the program, the parent reads.  When configure_in_target(), the
  // child itself must call configure(0); else the parent calls it with the
  // child's id.
  [[nodiscard]] static Result<CounterSet> prepare(std::vector<Event> events,
                                                  const Options& options = {});
  [[nodiscard]] bool configure_in_target() const noexcept;
  [[nodiscard]] Result<void> configure(pid_t tid);

  CounterSet(CounterSet&&) noexcept;
  CounterSet& operator=(CounterSet&&) noexcept;
  CounterSet(const CounterSet&) = delete;
  CounterSet& operator=(const CounterSet&) = delete;
  ~CounterSet();

  Result<void> start();
  Result<void> stop();
  Result<void> reset();  // all values to zero; may be counting

  [[nodiscard]] const std::vector<Event>& events() const noexcept { return events_; }
  [[nodiscard]] unsigned size() const noexcept { return static_cast<unsigned>(events_.size()); }
  [[nodiscard]] State state() const noexcept;
  [[nodiscard]] BackendKind backend() const noexcept;

  // For reading in user mode, in the counted thread; see Reader.
  [[nodiscard]] Reader reader() const noexcept { return Reader(slot_); }
  [[gnu::always_inline]] std::uint64_t read(unsigned index) const noexcept {
    return reader().read(index);
  }
  // Preconditions: the set counts now and reader().direct().
  [[gnu::always_inline]] std::uint64_t read_unchecked(unsigned index) const noexcept {
    return reader().read_unchecked(index);
  }
  [[nodiscard]] std::uint64_t time_ticks() const noexcept { return reader().time_ticks(); }

  // All counters as one snapshot, in the counted thread; an error instead of
  // values that cannot be trusted.
  [[nodiscard]] Result<std::vector<std::uint64_t>> snapshot() const;

  // The sum over the thread and all that inherited, from any thread.
  [[nodiscard]] Result<Reading> total() const;
  // The thread alone.
  [[nodiscard]] Result<Reading> target() const;
  [[nodiscard]] Result<std::vector<ThreadReading>> read_threads() const;

 private:
  CounterSet(std::unique_ptr<BackendSet> backend, std::vector<Event> events,
             const Options& options);

  const perfctr_slot* slot_;
  std::unique_ptr<BackendSet> backend_;
  std::vector<Event> events_;
  Options options_;
};

// An error for a state in which values are not to be trusted.
[[nodiscard]] Result<void> check_state(State state);

}  // namespace perfctr
