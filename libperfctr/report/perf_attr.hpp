// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "byte_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace perfctr::report {

// What of a perf_event_attr says how its records are laid out.
struct EventAttr {
  std::uint32_t type = 0;
  std::uint64_t config = 0;
  std::uint64_t sample_period = 0;  // or frequency
  std::uint64_t sample_type = 0;
  std::uint64_t read_format = 0;
  bool frequency = false;
  bool sample_id_all = false;
  std::string name;

  [[nodiscard]] bool has(std::uint64_t sample_bit) const { return (sample_type & sample_bit) != 0; }
};

// Nothing when `raw` is shorter than the oldest attr.
[[nodiscard]] std::optional<EventAttr> decode_attr(Bytes raw);

// "cycles", "r01c0": for events whose names the file does not have.
[[nodiscard]] std::string name_of(const EventAttr& attr);

}  // namespace perfctr::report
