// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/sampler.hpp>

#include <memory>
#include <span>

namespace perfctr {

inline constexpr unsigned kDefaultBufferPages = 128;

// One sampler of a backend.  The calls are those of Sampler, which documents
// them.
class BackendSampler {
 public:
  BackendSampler() = default;
  BackendSampler(const BackendSampler&) = delete;
  BackendSampler& operator=(const BackendSampler&) = delete;
  virtual ~BackendSampler() = default;

  virtual BackendKind kind() const noexcept = 0;
  virtual bool configure_in_target() const noexcept = 0;
  // Before configure() and in the same process as map_buffer().
  virtual Result<void> prepare(std::span<const SampledEvent> events,
                               const SamplerOptions& options) = 0;
  virtual Result<void> configure(std::span<const SampledEvent> events,
                                 const SamplerOptions& options) = 0;
  virtual Result<void> map_buffer() = 0;
  virtual Result<void> start() = 0;
  virtual Result<void> stop() = 0;
  virtual int fd() const noexcept = 0;
  virtual Result<std::size_t> drain(const OnSample& on_sample, const OnLost& on_lost) = 0;
  virtual Result<SampleTotals> total() = 0;
  virtual std::uint64_t period(unsigned index) const noexcept = 0;
  virtual std::uint32_t overflowed(const siginfo_t& info) const noexcept = 0;
};

[[nodiscard]] Result<std::unique_ptr<BackendSampler>> open_sampler(BackendKind wanted);

}  // namespace perfctr
