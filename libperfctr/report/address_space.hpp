// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is mapped where in a process.  A copy costs nothing and shares everything:
// a file may say that a process with many mappings forks at every record, so
// copying mappings would take time and memory out of all proportion.  Hence a
// search tree whose nodes never change (a treap: balanced by random priorities,
// which a file cannot foresee).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

namespace perfctr::report {

struct Mapping {
  std::uint64_t start = 0, end = 0;  // end is behind the last byte
  std::uint64_t file_offset = 0;
  std::uint32_t dso = 0;

  [[nodiscard]] bool holds(std::uint64_t address) const {
    return start <= address && address < end;
  }
  [[nodiscard]] std::uint64_t in_file(std::uint64_t address) const {
    return address - start + file_offset;
  }
};

class AddressSpace final {
 public:
  // What was mapped there before makes way.  Precondition: start < end.
  void map(const Mapping& mapping);
  [[nodiscard]] std::optional<Mapping> find(std::uint64_t address) const;
  [[nodiscard]] bool empty() const { return root_ == nullptr; }

  struct Node;
  using Tree = std::shared_ptr<const Node>;

 private:
  Tree root_;
};

}  // namespace perfctr::report
