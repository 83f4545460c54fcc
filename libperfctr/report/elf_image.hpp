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
    bool jump = false;  // not the function itself, but its entry in the .plt
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
    std::string_view name;
    std::uint32_t type = 0, link = 0;
    bool in_file = true;  // debug files have many that are not
    std::uint64_t address = 0, offset = 0, size = 0;
  };
  struct Found;

  bool read_header();
  void read_segments(std::uint64_t offset, unsigned count, unsigned size);
  void read_notes(Bytes notes);
  [[nodiscard]] std::vector<Section> sections(std::uint64_t offset, unsigned count, unsigned size,
                                              unsigned names) const;
  [[nodiscard]] Found read_symbol(ByteReader& reader, Bytes names) const;
  [[nodiscard]] std::vector<Found> read_symbols(const Section& table, const Section& names) const;
  [[nodiscard]] std::vector<Found> read_jumps(const std::vector<Section>& all) const;
  void keep(std::vector<Found> found);
  [[nodiscard]] Bytes contents(const Section& section) const {
    return clipped(file_, section.offset, section.in_file ? section.size : 0);
  }
  std::uint64_t word(ByteReader& reader) const { return wide_ ? reader.u64() : reader.u32(); }

  Bytes file_;
  bool wide_ = true;
  bool stripped_ = true;
  std::vector<Segment> segments_;
  std::vector<Symbol> symbols_;  // by start, no two alike
  Bytes build_id_;
};

}  // namespace perfctr::report
