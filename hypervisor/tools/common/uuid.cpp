// SPDX-License-Identifier: GPL-2.0-only
#include "uuid.hpp"

#include <cstdio>

std::string to_string(const Uuid& uuid)
{
    std::string text;

    for (size_t i = 0; i < uuid.size(); i++) {
        char hex[3];

        if (i == 4 || i == 6 || i == 8 || i == 10)
            text += '-';
        std::snprintf(hex, sizeof(hex), "%02x", uuid[i]);
        text += hex;
    }

    return text;
}

std::optional<Uuid> parse_uuid(const std::string& text)
{
    Uuid uuid;
    size_t at = 0;

    if (text.size() != 36)
        return std::nullopt;

    for (size_t i = 0; i < uuid.size(); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            if (text[at++] != '-')
                return std::nullopt;

        const std::string hex = text.substr(at, 2);
        if (hex.find_first_not_of("0123456789abcdefABCDEF") !=
            std::string::npos)
            return std::nullopt;
        uuid[i] = static_cast<uint8_t>(std::stoul(hex, nullptr, 16));
        at += 2;
    }

    return uuid;
}
