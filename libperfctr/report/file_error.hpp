// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/error.hpp>

#include <cstdarg>
#include <cstdio>
#include <string>

namespace perfctr::report {

// printf into a string.
[[nodiscard]] [[gnu::format(printf, 1, 2)]] inline std::string print(const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return text;
}

// About a file's contents.
[[nodiscard]] inline Error bad_file(std::string message, std::string remedy) {
  return Error{.code = Errc::kBadArgument,
               .sys_errno = 0,
               .message = std::move(message),
               .remedy = std::move(remedy),
               .subject = {}};
}

}  // namespace perfctr::report
