// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "byte_reader.hpp"

#include <perfctr/result.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace perfctr::report {

// A table of "ADDRESS TYPE NAME" lines: /proc/kallsyms, System.map, xen-syms.map.
class KernelSymbols final {
 public:
  struct Symbol {
    std::uint64_t start = 0;
    std::string_view name;
  };

  [[nodiscard]] static Result<KernelSymbols> parse(std::string text, const std::string& path);
  // Nothing below the first symbol.
  [[nodiscard]] std::optional<Symbol> find(std::uint64_t address) const;
  // Where a line says that a name is.
  [[nodiscard]] std::optional<std::uint64_t> address_of(std::string_view name) const;

 private:
  // Of a name in text_.
  struct Place {
    std::size_t name = 0, size = 0;
  };

  std::string text_;
  std::map<std::uint64_t, Place> places_;
};

}  // namespace perfctr::report
