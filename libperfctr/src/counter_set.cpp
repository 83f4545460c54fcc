// SPDX-License-Identifier: LGPL-2.1-or-later
#include <perfctr/counter_set.hpp>

#include "backend.hpp"

#include <linux/perfctr.h>

namespace perfctr {

static_assert(static_cast<unsigned>(State::kExited) == PERFCTR_STATE_EXITED);
static_assert(static_cast<unsigned>(State::kLost) == PERFCTR_STATE_LOST);

Result<void> check_state(State state) {
  if (state == State::kLost) {
    return Error{.code = Errc::kLost,
                 .sys_errno = 0,
                 .message =
                     "the counts were lost: the virtual machine was suspended, moved or lost "
                     "its counters while counting",
                 .remedy = "make a new set and measure again",
                 .subject = {}};
  }
  if (state == State::kRevoked) {
    return Error{.code = Errc::kRevoked,
                 .sys_errno = 0,
                 .message =
                     "counting was stopped by the domain's policy; the values are those of "
                     "that moment",
                 .remedy = "ask the administrator of the host, then make a new set",
                 .subject = {}};
  }
  return {};
}

CounterSet::CounterSet(std::unique_ptr<BackendSet> backend, std::vector<Event> events,
                       const Options& options)
    : slot_(backend->slot()),
      backend_(std::move(backend)),
      events_(std::move(events)),
      options_(options) {}

CounterSet::CounterSet(CounterSet&&) noexcept = default;
CounterSet& CounterSet::operator=(CounterSet&&) noexcept = default;
CounterSet::~CounterSet() = default;

Result<CounterSet> CounterSet::prepare(std::vector<Event> events, const Options& options) {
  if (events.empty()) {
    return Error{.code = Errc::kEmptyEvent,
                 .sys_errno = 0,
                 .message = "the set has no events",
                 .remedy = "name at least one",
                 .subject = {}};
  }
  if (events.size() > PERFCTR_MAX_COUNTERS) {
    return Error{.code = Errc::kTooManyCounters,
                 .sys_errno = 0,
                 .message = std::to_string(events.size()) +
                            " events are more than a set can hold (" +
                            std::to_string(PERFCTR_MAX_COUNTERS) + ")",
                 .remedy = "count fewer events at a time",
                 .subject = {}};
  }
  auto backend = open_backend(options.backend);
  if (!backend) return backend.error();
  return CounterSet(std::move(*backend), std::move(events), options);
}

bool CounterSet::configure_in_target() const noexcept { return backend_->configure_in_target(); }

Result<void> CounterSet::configure(pid_t tid) {
  options_.tid = tid;
  if (auto result = backend_->configure(events_, options_); !result) return result.error();
  slot_ = backend_->slot();
  return {};
}

Result<CounterSet> CounterSet::open(std::vector<Event> events, const Options& options) {
  auto set = prepare(std::move(events), options);
  if (!set) return set.error();
  if (auto result = set->configure(options.tid); !result) return result.error();
  return set;
}

Result<CounterSet> CounterSet::open(std::string_view events, const Options& options) {
  auto parsed = parse_events(events);
  if (!parsed) return parsed.error();
  return open(std::move(*parsed), options);
}

Result<void> CounterSet::start() { return backend_->start(); }
Result<void> CounterSet::stop() { return backend_->stop(); }
Result<void> CounterSet::reset() { return backend_->reset(); }
State CounterSet::state() const noexcept { return backend_->state(); }
BackendKind CounterSet::backend() const noexcept { return backend_->kind(); }

Result<std::vector<std::uint64_t>> CounterSet::snapshot() const {
  std::vector<std::uint64_t> values(events_.size());
  perfctr_slot_read_all_slow(slot_, values.data(), size());
  // After the values: a set that is lost meanwhile has lost these.
  if (auto state = check_state(backend_->state()); !state) return state.error();
  for (const std::uint64_t value : values) {
    if (value != PERFCTR_NO_VALUE) continue;
    // The kernel's read knows why.
    auto reading = backend_->read(true);
    if (!reading) return reading.error();
    return std::move(reading->values);
  }
  return values;
}

Result<Reading> CounterSet::total() const { return backend_->read(false); }
Result<Reading> CounterSet::target() const { return backend_->read(true); }
Result<std::vector<ThreadReading>> CounterSet::read_threads() const {
  auto threads = backend_->read_threads();
  // The device's records have room for every counter that a set may have.
  if (threads) {
    for (ThreadReading& thread : *threads) thread.reading.values.resize(events_.size());
  }
  return threads;
}

}  // namespace perfctr
