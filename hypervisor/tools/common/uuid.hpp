// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

using Uuid = std::array<uint8_t, 16>;

std::string to_string(const Uuid& uuid);
// 32 hexadecimal digits with dashes in the usual places; none otherwise.
std::optional<Uuid> parse_uuid(const std::string& text);
