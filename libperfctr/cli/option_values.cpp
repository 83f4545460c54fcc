// SPDX-License-Identifier: LGPL-2.1-or-later
#include "option_values.hpp"

#include <charconv>

namespace perfctr::cli {

Error option_error(std::string message, std::string subject) {
  return Error{.code = Errc::kBadArgument,
               .sys_errno = 0,
               .message = std::move(message),
               .remedy = {},
               .subject = std::move(subject)};
}

std::optional<unsigned> option_number(std::string_view text) {
  unsigned value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size())
    return std::nullopt;
  return value;
}

Result<unsigned> option_number_of(char letter, const char* what, const char* text, unsigned least,
                                  unsigned most) {
  const auto value = option_number(text);
  if (value && *value >= least && *value <= most) return *value;
  return option_error(std::string("-") + letter + " wants " + what + " from " +
                          std::to_string(least) + " to " + std::to_string(most) + ", not '" + text +
                          "'",
                      text);
}

Result<void> add_option_ids(char letter, std::string_view list, std::vector<int>& ids) {
  while (true) {
    const auto comma = list.find(',');
    const std::string_view item = list.substr(0, comma);
    const auto id = option_number(item);
    if (!id || *id == 0 || *id > 0x7fffffff) {
      return option_error(std::string("-") + letter + " wants ids separated by commas, not '" +
                              std::string(item) + "'",
                          std::string(item));
    }
    ids.push_back(static_cast<int>(*id));
    if (comma == std::string_view::npos) return {};
    list.remove_prefix(comma + 1);
  }
}

}  // namespace perfctr::cli
