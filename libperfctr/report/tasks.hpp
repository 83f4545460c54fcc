// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "address_space.hpp"
#include "record_decoder.hpp"
#include "string_table.hpp"

#include <unordered_map>

namespace perfctr::report {

// Processes and threads as the records tell of them, in the order of time.
class Tasks final {
 public:
  explicit Tasks(StringTable& strings) : strings_(strings) {}

  void apply(const Comm& comm);
  void apply(const Fork& fork);
  // False for a mapping that no machine has.
  bool apply(const Mmap& map);

  // The name of a thread at this time, as a number in the table.
  [[nodiscard]] std::uint32_t name_of(std::uint32_t pid, std::uint32_t tid);
  [[nodiscard]] std::optional<Mapping> find(std::uint32_t pid, std::uint64_t address) const;
  [[nodiscard]] std::optional<Mapping> find_kernel(std::uint64_t address) const;

 private:
  // "[kernel.kallsyms]_text" is a place in the kernel, not a file.
  [[nodiscard]] static std::string kernel_dso(std::string_view path);

  StringTable& strings_;
  AddressSpace kernel_;
  std::unordered_map<std::uint32_t, AddressSpace> maps_;    // by process
  std::unordered_map<std::uint32_t, std::uint32_t> names_;  // by thread
};

}  // namespace perfctr::report
