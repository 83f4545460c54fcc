// SPDX-License-Identifier: LGPL-2.1-or-later
#include "profile.hpp"

#include "file_error.hpp"

#include <cinttypes>

namespace perfctr::report {

char mode_letter(Mode mode) {
  switch (mode) {
    case Mode::kKernel:
      return 'k';
    case Mode::kHypervisor:
      return 'H';
    case Mode::kGuestKernel:
      return 'g';
    case Mode::kGuestUser:
      return 'u';
    default:
      return '.';
  }
}

std::string Profile::short_dso(std::uint32_t dso) const {
  const std::string& path = strings[dso];
  // "//anon" and the like are no paths.
  if (path.empty() || path.ends_with('/') || path.starts_with("//")) return path;
  return path.substr(path.rfind('/') + 1);
}

std::string Profile::symbol_of(const Frame& frame) const {
  if (frame.symbol != 0) return strings[frame.symbol];
  return print("0x%016" PRIx64, frame.address);
}

std::string Profile::picture_name(const Frame& frame) const {
  std::string name;
  if (frame.symbol != 0) {
    name = strings[frame.symbol];
  } else {
    name = short_dso(frame.dso);
    if (!name.starts_with('[')) name = '[' + name + ']';
  }
  switch (frame.mode) {
    case Mode::kKernel:
    case Mode::kGuestKernel:
      return name + "_[k]";
    case Mode::kHypervisor:
      return name + "_[h]";
    default:
      return name;
  }
}

}  // namespace perfctr::report
