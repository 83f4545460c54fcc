// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/counter_set.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace perfctr {

// One counter set of a backend.  The calls are those of CounterSet, which
// documents them.
class BackendSet {
 public:
  // Takes the place of a kernel's slot where user mode cannot read one: all its
  // counters say NO_RDPMC, and its ABI of 0 sends the slow path back here.
  struct StandIn {
    perfctr_slot slot;
    const BackendSet* set;
  };

  BackendSet() noexcept;
  BackendSet(const BackendSet&) = delete;
  BackendSet& operator=(const BackendSet&) = delete;
  virtual ~BackendSet() = default;

  virtual BackendKind kind() const noexcept = 0;
  virtual bool configure_in_target() const noexcept = 0;
  virtual Result<void> configure(std::span<const Event> events, const Options& options) = 0;
  virtual Result<void> start() = 0;
  virtual Result<void> stop() = 0;
  virtual Result<void> reset() = 0;
  virtual Result<Reading> read(bool target_only) const = 0;
  virtual Result<std::vector<ThreadReading>> read_threads() const = 0;
  virtual State state() const noexcept = 0;

  // The slot for readers: the kernel's, or the stand-in.
  virtual const perfctr_slot* slot() const noexcept { return &stand_in_.slot; }

  // The slow path of a stand-in: PERFCTR_NO_VALUE where there is no value.
  virtual void read_values(std::uint64_t* values, unsigned nr) const noexcept = 0;
  virtual std::uint64_t read_value(unsigned index) const noexcept = 0;
  virtual std::uint64_t time_ticks() const noexcept = 0;

  // The set behind a slot, or nullptr when the slot is the kernel's.
  static const BackendSet* behind(const perfctr_slot* slot) noexcept;

 private:
  StandIn stand_in_{};
};

// What PERFCTR_BACKEND, or else the machine, asks for.
[[nodiscard]] Result<BackendKind> choose_backend(BackendKind wanted);

[[nodiscard]] Result<std::unique_ptr<BackendSet>> open_backend(BackendKind wanted);

}  // namespace perfctr
