// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The form of event strings, apart from the names in them.
#pragma once

#include "event_table.hpp"

#include <perfctr/event.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perfctr {

// Splits a list at the commas that separate events, and takes braces off;
// modifiers after a closing brace are appended to each event inside.
[[nodiscard]] Result<std::vector<std::string>> split_events(std::string_view list);

struct EventParts {
  std::string_view body;       // "r01c4", "cpu/event=0xc0/", "instructions"
  std::string_view modifiers;  // "uk"; empty when there are none
};
[[nodiscard]] EventParts split_modifiers(std::string_view text);

[[nodiscard]] Result<std::uint32_t> parse_modifiers(std::string_view modifiers,
                                                    std::string_view event);

// "r01c4": the hexadecimal code after the r.
[[nodiscard]] bool looks_raw(std::string_view body);
[[nodiscard]] Result<std::uint64_t> parse_raw(std::string_view body, CpuVendor vendor);

// "event=0xc4,umask=0x1": what stands between the slashes.
[[nodiscard]] Result<std::uint64_t> parse_terms(std::string_view terms, std::string_view event,
                                                CpuVendor vendor);

// An error about a part of an event string.
[[nodiscard]] Error event_error(Errc code, std::string message, std::string remedy,
                                std::string_view subject);
[[nodiscard]] std::string quoted(std::string_view text);
// Without blanks around it.
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace perfctr
