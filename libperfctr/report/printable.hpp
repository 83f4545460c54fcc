// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Names come from the file and from programs: a command may call itself by an
// escape sequence that moves the reader's cursor, or by bytes that are not UTF-8
// and make JSON and XML invalid.
#pragma once

#include <string>
#include <string_view>

namespace perfctr::report {

// UTF-8 without control characters; what is not is replaced by '?'.
[[nodiscard]] std::string printable(std::string_view text);

// Between quotes of JSON.
[[nodiscard]] std::string json_escaped(std::string_view text);

// In text and attributes of XML.
[[nodiscard]] std::string xml_escaped(std::string_view text);

}  // namespace perfctr::report
