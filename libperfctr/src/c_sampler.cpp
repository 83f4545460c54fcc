// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The C interface of samplers.
#include "c_errors.hpp"

#include <perfctr/perfctr.h>
#include <perfctr/sampler.hpp>

#include <algorithm>
#include <iterator>

struct perfctr_sampler {
  perfctr::Sampler sampler;
};

namespace {

using perfctr::bad_argument;
using perfctr::fail;
using perfctr::guarded;

perfctr::Result<void> open_sampler(perfctr_sampler** sampler, const char* events,
                                   const perfctr_sampler_options* from) {
  perfctr::SamplerOptions options;
  perfctr::SampleRate rate = perfctr::kDefaultRate;
  if (from != nullptr) {
    constexpr std::uint32_t kFlags =
        PERFCTR_F_INHERIT | PERFCTR_F_ENABLE_ON_EXEC | PERFCTR_F_NOTIFY | PERFCTR_F_CALLCHAIN;
    if (from->size < sizeof(*from))
      return bad_argument("perfctr_sampler_options.size is too small");
    if ((from->flags & ~kFlags) != 0 || from->zero != 0) {
      return bad_argument("perfctr_sampler_options.flags has unknown bits");
    }
    if (from->backend > PERFCTR_BACKEND_PERF_EVENT) {
      return bad_argument("perfctr_sampler_options.backend is unknown");
    }
    if (from->signal > 64) return bad_argument("perfctr_sampler_options.signal is none");
    options.backend = static_cast<perfctr::BackendKind>(from->backend);
    options.inherit = (from->flags & PERFCTR_F_INHERIT) != 0;
    options.enable_on_exec = (from->flags & PERFCTR_F_ENABLE_ON_EXEC) != 0;
    options.notify = (from->flags & PERFCTR_F_NOTIFY) != 0;
    options.call_chain = (from->flags & PERFCTR_F_CALLCHAIN) != 0;
    options.tid = from->tid;
    options.signal = static_cast<int>(from->signal);
    options.buffer_pages = from->buffer_pages;
    options.wakeup_bytes = from->wakeup_bytes;
    options.max_stack = from->max_stack;
    if (from->period != 0 || from->frequency != 0) rate = {from->period, from->frequency};
  }
  auto opened = perfctr::Sampler::open(events, options, rate);
  if (!opened) return opened.error();
  *sampler = new perfctr_sampler{std::move(*opened)};
  return {};
}

perfctr_sample in_c(const perfctr::Sample& sample) {
  perfctr_sample out{};
  out.size = sizeof(out);
  out.ip = sample.ip;
  out.time_ns = sample.time_ns;
  out.pid = sample.pid;
  out.tid = sample.tid;
  out.cpu = sample.cpu;
  out.counters = sample.counters;
  out.mode = static_cast<std::uint32_t>(sample.mode);
  out.flags = sample.entered ? PERFCTR_SAMPLE_ENTERED : 0;
  out.period = sample.period;
  out.count = sample.count;
  out.chain = sample.chain.data();
  out.nr_chain = static_cast<std::uint32_t>(sample.chain.size());
  return out;
}

perfctr_sample in_c(const perfctr::LostSamples& lost) {
  perfctr_sample out{};
  out.size = sizeof(out);
  out.time_ns = lost.time_ns;
  out.pid = lost.pid;
  out.tid = lost.tid;
  out.lost = lost.lost;
  return out;
}

}  // namespace

extern "C" {

int perfctr_sampler_open(perfctr_sampler** sampler, const char* events,
                         const perfctr_sampler_options* options, perfctr_error* error) {
  if (sampler == nullptr || events == nullptr) {
    return fail(bad_argument("sampler or events is NULL"), error);
  }
  *sampler = nullptr;
  return guarded(error, [&] { return open_sampler(sampler, events, options); });
}

void perfctr_sampler_close(perfctr_sampler* sampler) { delete sampler; }

int perfctr_sampler_start(perfctr_sampler* sampler, perfctr_error* error) {
  if (sampler == nullptr) return fail(bad_argument("sampler is NULL"), error);
  return guarded(error, [&] { return sampler->sampler.start(); });
}

int perfctr_sampler_stop(perfctr_sampler* sampler, perfctr_error* error) {
  if (sampler == nullptr) return fail(bad_argument("sampler is NULL"), error);
  return guarded(error, [&] { return sampler->sampler.stop(); });
}

int perfctr_sampler_fd(const perfctr_sampler* sampler) {
  return sampler == nullptr ? -1 : sampler->sampler.fd();
}

int perfctr_sampler_drain(perfctr_sampler* sampler, perfctr_sample_callback* callback,
                          void* argument, perfctr_error* error) {
  if (sampler == nullptr || callback == nullptr) {
    return fail(bad_argument("sampler or callback is NULL"), error);
  }
  return guarded(error, [&]() -> perfctr::Result<void> {
    const auto call = [&](const auto& from) {
      const perfctr_sample sample = in_c(from);
      callback(&sample, argument);
    };
    auto drained = sampler->sampler.drain(call, call);
    if (!drained) return drained.error();
    return {};
  });
}

int perfctr_sampler_read(perfctr_sampler* sampler, perfctr_sample_totals* totals,
                         perfctr_error* error) {
  if (sampler == nullptr || totals == nullptr) {
    return fail(bad_argument("sampler or totals is NULL"), error);
  }
  if (totals->size < sizeof(*totals)) {
    return fail(bad_argument("perfctr_sample_totals.size is too small"), error);
  }
  return guarded(error, [&]() -> perfctr::Result<void> {
    const auto read = sampler->sampler.total();
    if (!read) return read.error();
    const auto copy = [](const std::vector<std::uint64_t>& from, auto& to) {
      std::fill(std::begin(to), std::end(to), 0);
      std::copy_n(from.begin(), std::min<std::size_t>(from.size(), PERFCTR_MAX_COUNTERS), to);
    };
    totals->state = static_cast<std::uint32_t>(read->reading.state);
    totals->nr = static_cast<std::uint32_t>(read->reading.values.size());
    copy(read->reading.values, totals->value);
    copy(read->missed, totals->missed);
    totals->buffer_lost = read->buffer_lost;
    totals->throttled = read->throttled;
    totals->time_enabled_ns = read->reading.time_enabled_ns;
    totals->time_running_ns = read->reading.time_running_ns;
    totals->time_stolen_ns = read->reading.time_stolen_ns;
    totals->nr_threads = read->reading.nr_threads;
    totals->lost = read->reading.lost;
    return {};
  });
}

unsigned perfctr_sampler_size(const perfctr_sampler* sampler) {
  return sampler == nullptr ? 0 : static_cast<unsigned>(sampler->sampler.events().size());
}

const char* perfctr_sampler_event(const perfctr_sampler* sampler, unsigned index) {
  if (index >= perfctr_sampler_size(sampler)) return nullptr;
  return sampler->sampler.events()[index].event.name.c_str();
}

uint64_t perfctr_sampler_period(const perfctr_sampler* sampler, unsigned index) {
  return sampler == nullptr ? 0 : sampler->sampler.period(index);
}

}  // extern "C"
