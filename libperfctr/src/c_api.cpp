// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The C interface.  Nothing may throw across it: memory running out becomes
// -ENOMEM.
#include "c_errors.hpp"

#include <perfctr/perfctr.h>
#include <perfctr/perfctr.hpp>

#include <algorithm>

struct perfctr_set {
  perfctr::CounterSet set;
};

namespace {

using perfctr::bad_argument;
using perfctr::fail;
using perfctr::guarded;

perfctr::Result<void> open_set(perfctr_set** set, const char* events, const perfctr_options* from) {
  perfctr::Options options;
  if (from != nullptr) {
    constexpr std::uint32_t kFlags =
        PERFCTR_F_INHERIT | PERFCTR_F_ENABLE_ON_EXEC | PERFCTR_F_PER_THREAD;
    if (from->size < sizeof(*from)) return bad_argument("perfctr_options.size is too small");
    if ((from->flags & ~kFlags) != 0) return bad_argument("perfctr_options.flags has unknown bits");
    if (from->backend > PERFCTR_BACKEND_PERF_EVENT) {
      return bad_argument("perfctr_options.backend is unknown");
    }
    options.backend = static_cast<perfctr::BackendKind>(from->backend);
    options.inherit = (from->flags & PERFCTR_F_INHERIT) != 0;
    options.enable_on_exec = (from->flags & PERFCTR_F_ENABLE_ON_EXEC) != 0;
    options.per_thread = (from->flags & PERFCTR_F_PER_THREAD) != 0;
    options.tid = from->tid;
  }
  auto opened = perfctr::CounterSet::open(events, options);
  if (!opened) return opened.error();
  *set = new perfctr_set{std::move(*opened)};
  return {};
}

}  // namespace

static_assert(static_cast<int>(perfctr::BackendKind::kDevice) == PERFCTR_BACKEND_DEVICE);
static_assert(static_cast<int>(perfctr::BackendKind::kPerfEvent) == PERFCTR_BACKEND_PERF_EVENT);

namespace perfctr {

const char* version() noexcept { return PERFCTR_VERSION; }

}  // namespace perfctr

extern "C" {

int perfctr_set_open(perfctr_set** set, const char* events, const perfctr_options* options,
                     perfctr_error* error) {
  if (set == nullptr || events == nullptr)
    return fail(bad_argument("set or events is NULL"), error);
  *set = nullptr;
  return guarded(error, [&] { return open_set(set, events, options); });
}

void perfctr_set_close(perfctr_set* set) { delete set; }

int perfctr_set_start(perfctr_set* set, perfctr_error* error) {
  if (set == nullptr) return fail(bad_argument("set is NULL"), error);
  return guarded(error, [&] { return set->set.start(); });
}

int perfctr_set_stop(perfctr_set* set, perfctr_error* error) {
  if (set == nullptr) return fail(bad_argument("set is NULL"), error);
  return guarded(error, [&] { return set->set.stop(); });
}

int perfctr_set_reset(perfctr_set* set, perfctr_error* error) {
  if (set == nullptr) return fail(bad_argument("set is NULL"), error);
  return guarded(error, [&] { return set->set.reset(); });
}

unsigned perfctr_set_size(const perfctr_set* set) { return set == nullptr ? 0 : set->set.size(); }

const char* perfctr_set_event(const perfctr_set* set, unsigned index) {
  if (set == nullptr || index >= set->set.size()) return nullptr;
  return set->set.events()[index].name.c_str();
}

unsigned perfctr_set_state(const perfctr_set* set) {
  return set == nullptr ? PERFCTR_STATE_FREE : static_cast<unsigned>(set->set.state());
}

int perfctr_set_read(perfctr_set* set, perfctr_values* values, perfctr_error* error) {
  if (set == nullptr || values == nullptr) {
    return fail(bad_argument("set or values is NULL"), error);
  }
  if (values->size < sizeof(*values)) {
    return fail(bad_argument("perfctr_values.size is too small"), error);
  }
  return guarded(error, [&]() -> perfctr::Result<void> {
    const auto reading = set->set.total();
    if (!reading) return reading.error();
    values->state = static_cast<std::uint32_t>(reading->state);
    values->nr = static_cast<std::uint32_t>(reading->values.size());
    std::fill(std::begin(values->value), std::end(values->value), 0);
    std::copy_n(reading->values.begin(), std::min<std::size_t>(values->nr, PERFCTR_MAX_COUNTERS),
                values->value);
    values->time_enabled_ns = reading->time_enabled_ns;
    values->time_running_ns = reading->time_running_ns;
    values->time_stolen_ns = reading->time_stolen_ns;
    values->nr_threads = reading->nr_threads;
    values->lost = reading->lost;
    return {};
  });
}

const perfctr_slot* perfctr_set_slot(const perfctr_set* set) {
  return set == nullptr ? nullptr : set->set.reader().slot();
}

const char* perfctr_version(void) { return perfctr::version(); }

}  // extern "C"
