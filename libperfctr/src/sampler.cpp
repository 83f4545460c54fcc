// SPDX-License-Identifier: LGPL-2.1-or-later
#include <perfctr/sampler.hpp>

#include "backend.hpp"
#include "backend_sampler.hpp"
#include "device_sampler.hpp"
#include "perf_sampler.hpp"

#include <linux/perfctr.h>

#include <bit>
#include <string>

namespace perfctr {

static_assert(static_cast<int>(SampleMode::kKernel) == PERFCTR_IN_KERNEL);
static_assert(static_cast<int>(SampleMode::kUser) == PERFCTR_IN_USER);
static_assert(static_cast<int>(SampleMode::kHypervisor) == PERFCTR_IN_HYPERVISOR);
static_assert(static_cast<int>(LostReason::kBuffer) == PERFCTR_LOST_BUFFER);

namespace {

Error bad_argument(std::string message, std::string remedy) {
  return Error{.code = Errc::kBadArgument,
               .sys_errno = 0,
               .message = std::move(message),
               .remedy = std::move(remedy),
               .subject = {}};
}

Result<void> check(std::span<const SampledEvent> events, const SamplerOptions& options) {
  if (events.empty()) return bad_argument("the sampler has no events", "name at least one");
  if (events.size() > PERFCTR_MAX_COUNTERS) {
    Error error =
        bad_argument(std::to_string(events.size()) + " events are more than a sampler can hold (" +
                         std::to_string(PERFCTR_MAX_COUNTERS) + ")",
                     "sample fewer events at a time");
    error.code = Errc::kTooManyCounters;
    return error;
  }
  for (const SampledEvent& event : events) {
    if ((event.rate.period == 0) == (event.rate.frequency == 0)) {
      return bad_argument("event '" + event.event.name + "' has no period, or a frequency as well",
                          "give one of the two");
    }
  }
  if (options.buffer_pages > PERFCTR_MAX_BUFFER_PAGES ||
      (options.buffer_pages != 0 && !std::has_single_bit(options.buffer_pages))) {
    return bad_argument("a buffer cannot have " + std::to_string(options.buffer_pages) + " pages",
                        "give a power of two up to " + std::to_string(PERFCTR_MAX_BUFFER_PAGES));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<BackendSampler>> open_sampler(BackendKind wanted) {
  const auto kind = choose_backend(wanted);
  if (!kind) return kind.error();
  if (*kind == BackendKind::kPerfEvent) return std::unique_ptr<BackendSampler>(new PerfSampler);
  auto file = DeviceFile::open(kDevicePath);
  if (!file) return file.error();
  return std::unique_ptr<BackendSampler>(new DeviceSampler(std::move(*file)));
}

Sampler::Sampler(std::unique_ptr<BackendSampler> backend, std::vector<SampledEvent> events,
                 const SamplerOptions& options)
    : backend_(std::move(backend)), events_(std::move(events)), options_(options) {}

Sampler::Sampler(Sampler&&) noexcept = default;
Sampler& Sampler::operator=(Sampler&&) noexcept = default;
Sampler::~Sampler() = default;

Result<Sampler> Sampler::prepare(std::vector<SampledEvent> events, const SamplerOptions& options) {
  if (auto fine = check(events, options); !fine) return fine.error();
  auto backend = open_sampler(options.backend);
  if (!backend) return backend.error();
  if (auto ready = (*backend)->prepare(events, options); !ready) return ready.error();
  return Sampler(std::move(*backend), std::move(events), options);
}

bool Sampler::configure_in_target() const noexcept { return backend_->configure_in_target(); }

Result<void> Sampler::configure(pid_t tid) {
  options_.tid = tid;
  return backend_->configure(events_, options_);
}

Result<void> Sampler::map_buffer() { return backend_->map_buffer(); }

Result<Sampler> Sampler::open(std::vector<SampledEvent> events, const SamplerOptions& options) {
  auto sampler = prepare(std::move(events), options);
  if (!sampler) return sampler;
  if (auto configured = sampler->configure(options.tid); !configured) return configured.error();
  if (auto mapped = sampler->map_buffer(); !mapped) return mapped.error();
  return sampler;
}

Result<Sampler> Sampler::open(std::string_view events, const SamplerOptions& options,
                              SampleRate rate) {
  auto parsed = parse_sampled_events(events, rate);
  if (!parsed) return parsed.error();
  return open(std::move(*parsed), options);
}

Result<void> Sampler::start() { return backend_->start(); }
Result<void> Sampler::stop() { return backend_->stop(); }
int Sampler::fd() const noexcept { return backend_->fd(); }
Result<std::size_t> Sampler::drain(const OnSample& on_sample, const OnLost& on_lost) {
  return backend_->drain(on_sample, on_lost);
}
Result<SampleTotals> Sampler::total() { return backend_->total(); }
BackendKind Sampler::backend() const noexcept { return backend_->kind(); }
std::uint64_t Sampler::period(unsigned index) const noexcept { return backend_->period(index); }
std::uint32_t Sampler::overflowed(const siginfo_t& info) const noexcept {
  return backend_->overflowed(info);
}

}  // namespace perfctr
