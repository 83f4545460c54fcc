// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Values of options that several verbs have.
#pragma once

#include <perfctr/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perfctr::cli {

// A mistake on the command line.
[[nodiscard]] Error option_error(std::string message, std::string subject = {});
[[nodiscard]] std::optional<unsigned> option_number(std::string_view text);
[[nodiscard]] Result<unsigned> option_number_of(char letter, const char* what, const char* text,
                                                unsigned least, unsigned most);
// "12,34", added to ids.
[[nodiscard]] Result<void> add_option_ids(char letter, std::string_view list,
                                          std::vector<int>& ids);

}  // namespace perfctr::cli
