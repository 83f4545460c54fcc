// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The generic event names, as data.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace perfctr {

enum class CpuVendor { kUnknown, kIntel, kAmd };

[[nodiscard]] CpuVendor cpu_vendor() noexcept;

struct GenericEvent {
  std::string_view name;
  std::string_view alias;  // another name of it, or ""
  std::string_view papi;   // PAPI's name of it, or ""
  // The code where it is architectural, else kByModel: the first of the names
  // that libpfm4 knows for the CPU model is taken.
  std::int64_t intel;
  std::string_view intel_names[3];
  std::int64_t amd;
  std::string_view amd_names[3];
  std::string_view text;
};
inline constexpr std::int64_t kByModel = -1;
inline constexpr std::int64_t kAbsent = -2;

[[nodiscard]] std::span<const GenericEvent> generic_events() noexcept;
[[nodiscard]] const GenericEvent* find_generic_event(std::string_view name) noexcept;

// Names that perf has and a thread's hardware counters have not.
[[nodiscard]] bool is_software_event(std::string_view name) noexcept;

}  // namespace perfctr
