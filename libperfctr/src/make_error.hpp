// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/error.hpp>

#include <cstring>
#include <string>
#include <utility>

namespace perfctr {

[[nodiscard]] inline Error make_error(Errc code, int sys_errno, std::string message,
                                      std::string remedy, std::string subject = {}) {
  return Error{.code = code,
               .sys_errno = sys_errno,
               .message = std::move(message),
               .remedy = std::move(remedy),
               .subject = std::move(subject)};
}

// " (No such file or directory)", for the end of a message.
[[nodiscard]] inline std::string errno_text(int error) {
  return std::string(" (") + std::strerror(error) + ")";
}

}  // namespace perfctr
