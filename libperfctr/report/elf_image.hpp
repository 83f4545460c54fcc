// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Symbols of an ELF file, 32 or 64 bits, little endian.  Read without libelf: the
// files' names come out of perf.data, so their contents are checked as strictly,
// and the static command for small guests needs nothing more.
#pragma once

#include "mapped_file.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace perfctr::report {

class ElfImage final {
 public:
  struct Symbol {
    std::uint64_t start = 0, end = 0;
    std::string_view name;
  };

  // The file has to stay as long as the image is used.
  [[nodiscard]] static std::optional<ElfImage> parse(Bytes file);

  // Where an offset in the file lies in the image's own addresses, whatever these
  // are: a position-independent program begins at 0, a prelinked one does not.
  [[nodiscard]] std::optional<std::uint64_t> address_of(std::uint64_t file_offset) const;
  [[nodiscard]] const Symbol* find(std::uint64_t address) const;
  [[nodiscard]] Bytes build_id() const { return build_id_; }
  // Whether it has the symbols of the dynamic linker at most.
  [[nodiscard]] bool is_stripped() const { return stripped_; }
  [[nodiscard]] std::size_t symbol_count() const { return symbols_.size(); }

 private:
  struct Segment {
    std::uint64_t offset = 0, address = 0, size = 0;
  };
  struct Section {
    std::uint32_t type = 0, link = 0;
    std::uint64_t offset = 0, size = 0;
  };
  struct Found;

  bool read_header();
  void read_segments(std::uint64_t offset, unsigned count, unsigned size);
  void read_notes(Bytes notes);
  [[nodiscard]] std::vector<Section> sections(std::uint64_t offset, unsigned count,
                                              unsigned size) const;
  void read_symbols(const Section& table, const Section& names);
  std::uint64_t word(ByteReader& reader) const { return wide_ ? reader.u64() : reader.u32(); }

  Bytes file_;
  bool wide_ = true;
  bool stripped_ = true;
  std::vector<Segment> segments_;
  std::vector<Symbol> symbols_;  // by start, no two alike
  Bytes build_id_;
};

}  // namespace perfctr::report
