// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel_symbols.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace perfctr::report {

Result<KernelSymbols> KernelSymbols::parse(std::string text, const std::string& path) {
  KernelSymbols symbols;
  symbols.text_ = std::move(text);
  const std::string_view all = symbols.text_;
  bool hidden = false;
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    const std::string_view line = all.substr(begin, end - begin);
    std::uint64_t address = 0;
    const auto number = std::from_chars(line.data(), line.data() + line.size(), address, 16);
    const auto type = static_cast<std::size_t>(number.ptr - line.data()) + 1;
    if (number.ec == std::errc() && type + 2 < line.size() && line[type + 1] == ' ' &&
        std::string_view("tTwW").find(line[type]) != std::string_view::npos) {
      const std::size_t name = type + 2;
      const std::size_t size = std::min(line.find_first_of(" \t", name), line.size()) - name;
      hidden = hidden || address == 0;
      // Of several names for one address the last holds, as in perf.
      if (address != 0) symbols.places_.insert_or_assign(address, Place{begin + name, size});
    }
    begin = end + 1;
  }
  if (!symbols.places_.empty()) return symbols;
  return Error{.code = hidden ? Errc::kNoPermission : Errc::kBadArgument,
               .sys_errno = 0,
               .message = hidden ? "all addresses in '" + path + "' are 0: the kernel hides them"
                                 : "'" + path + "' has no lines of the form 'ADDRESS TYPE NAME'",
               .remedy = hidden ? "read it as root, or with sysctl kernel.kptr_restrict=0"
                                : "give /proc/kallsyms, a System.map or a xen-syms.map",
               .subject = path};
}

std::optional<KernelSymbols::Symbol> KernelSymbols::find(std::uint64_t address) const {
  auto next = places_.upper_bound(address);
  if (next == places_.begin()) return std::nullopt;
  --next;
  return Symbol{next->first, std::string_view(text_).substr(next->second.name, next->second.size)};
}

std::optional<std::uint64_t> KernelSymbols::address_of(std::string_view name) const {
  const std::string_view all = text_;
  for (std::size_t at = all.find(name); at != std::string_view::npos; at = all.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool whole =
        at > 0 && all[at - 1] == ' ' && (end == all.size() || all[end] == '\n' || all[end] == '\t');
    if (!whole) continue;
    const std::string_view line = all.substr(all.rfind('\n', at) + 1);
    std::uint64_t address = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), address, 16).ec == std::errc())
      return address;
  }
  return std::nullopt;
}

}  // namespace perfctr::report
