// SPDX-License-Identifier: LGPL-2.1-or-later
#include "c_errors.hpp"

#include "make_error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace perfctr {
namespace {

template <std::size_t N>
void copy_text(char (&to)[N], const std::string& from) {
  const std::size_t length = std::min(from.size(), N - 1);
  std::memcpy(to, from.data(), length);
  to[length] = '\0';
}

int errno_of(const Error& error) {
  if (error.sys_errno != 0) return -error.sys_errno;
  switch (error.code) {
    case Errc::kTooManyCounters:
    case Errc::kNoHardwareCounter:
      return -ENOSPC;
    case Errc::kNoDevice:
    case Errc::kNoPmu:
    case Errc::kDisabled:
      return -ENODEV;
    case Errc::kNoPermission:
    case Errc::kPolicy:
      return -EACCES;
    case Errc::kBusy:
      return -EBUSY;
    case Errc::kNoThread:
      return -ESRCH;
    case Errc::kLost:
    case Errc::kRevoked:
      return -ESTALE;
    default:
      return -EINVAL;
  }
}

}  // namespace

// The caller's structure may be an older, shorter one: fill it only when it is
// as this library knows it; none shorter was ever released.
int fail(const Error& error, perfctr_error* out) {
  if (out != nullptr && out->size >= sizeof(*out)) {
    out->code = static_cast<std::uint32_t>(error.code);
    out->sys_errno = error.sys_errno;
    copy_text(out->message, error.message);
    copy_text(out->remedy, error.remedy);
    copy_text(out->subject, error.subject);
  }
  return errno_of(error);
}

Error bad_argument(const char* message) {
  return make_error(Errc::kBadArgument, EINVAL, message, "see libperfctr(3)");
}

int out_of_memory(perfctr_error* out) {
  if (out != nullptr && out->size >= sizeof(*out)) {
    out->code = static_cast<std::uint32_t>(Errc::kSystem);
    out->sys_errno = ENOMEM;
    std::strcpy(out->message, "out of memory");
    out->remedy[0] = out->subject[0] = '\0';
  }
  return -ENOMEM;
}

}  // namespace perfctr
