// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elf_image.hpp"

#include <elf.h>

#include <algorithm>
#include <tuple>

namespace perfctr::report {
namespace {

// How far from the nearest symbol one that encloses it is looked for.
constexpr int kNesting = 4;
// Longer ones are left out: each is read to its end.
constexpr std::uint64_t kLongestName = 16384;
// The end of a last symbol without a size, as perf has it.
constexpr std::uint64_t kPage = 4096;

}  // namespace

struct ElfImage::Found {
  Symbol symbol;
  bool code = false, label = false, weak = false, local = false;

  // Of symbols at one address perf shows the one that this puts first.
  [[nodiscard]] auto rank() const {
    const std::size_t underscores =
        std::min(symbol.name.find_first_not_of('_'), symbol.name.size());
    return std::tuple(symbol.start, symbol.end == symbol.start, weak, local, underscores,
                      ~symbol.name.size());
  }
};

std::optional<ElfImage> ElfImage::parse(Bytes file) {
  ElfImage image;
  image.file_ = file;
  if (!image.read_header()) return std::nullopt;
  return image;
}

bool ElfImage::read_header() {
  ByteReader reader(file_);
  const Bytes ident = reader.take(EI_NIDENT);
  if (!reader.ok() || ByteReader::as_text(ident).substr(0, SELFMAG) != ELFMAG) return false;
  if (ident[EI_DATA] != ELFDATA2LSB) return false;
  if (ident[EI_CLASS] != ELFCLASS64 && ident[EI_CLASS] != ELFCLASS32) return false;
  wide_ = ident[EI_CLASS] == ELFCLASS64;
  reader.skip(8);  // type, machine, version
  word(reader);    // entry
  const std::uint64_t segment_offset = word(reader);
  const std::uint64_t section_offset = word(reader);
  reader.skip(6);  // flags, own size
  const unsigned segment_size = reader.u16();
  const unsigned segment_count = reader.u16();
  const unsigned section_size = reader.u16();
  const unsigned section_count = reader.u16();
  const unsigned section_names = reader.u16();
  if (!reader.ok()) return false;
  read_segments(segment_offset, segment_count, segment_size);

  const auto all = sections(section_offset, section_count, section_size, section_names);
  std::vector<Found> found;
  for (const std::uint32_t wanted : {SHT_SYMTAB, SHT_DYNSYM}) {
    for (const Section& section : all) {
      if (section.type == wanted && section.link < all.size() && found.empty())
        found = read_symbols(section, all[section.link]);
    }
    if (wanted == SHT_SYMTAB) stripped_ = found.empty();
  }
  const auto jumps = read_jumps(all);
  found.insert(found.end(), jumps.begin(), jumps.end());
  keep(std::move(found));
  return true;
}

void ElfImage::read_segments(std::uint64_t offset, unsigned count, unsigned size) {
  for (unsigned i = 0; i < count; ++i) {
    if (!contains(file_, offset, size)) return;
    ByteReader reader(clipped(file_, offset, size));
    offset += size;
    const std::uint32_t type = reader.u32();
    if (wide_) reader.u32();  // flags
    Segment segment;
    segment.offset = word(reader);
    segment.address = word(reader);
    word(reader);  // physical address
    segment.size = word(reader);
    if (!reader.ok()) return;
    if (type == PT_LOAD) segments_.push_back(segment);
    if (type == PT_NOTE) read_notes(clipped(file_, segment.offset, segment.size));
  }
}

void ElfImage::read_notes(Bytes notes) {
  const auto padded = [](std::uint32_t size) {
    return (std::uint64_t{size} + 3) & ~std::uint64_t{3};
  };
  for (ByteReader reader(notes); reader.ok() && reader.left() > 0;) {
    const std::uint32_t name_size = reader.u32();
    const std::uint32_t size = reader.u32();
    const std::uint32_t type = reader.u32();
    const Bytes name = reader.take(padded(name_size));
    // The last one need not be padded.
    const Bytes text = reader.take(std::min<std::uint64_t>(padded(size), reader.left()));
    if (!reader.ok() || text.size() < size) return;
    if (type == NT_GNU_BUILD_ID && ByteReader::as_text(name).starts_with(ELF_NOTE_GNU))
      build_id_ = text.first(size);
  }
}

std::vector<ElfImage::Section> ElfImage::sections(std::uint64_t offset, unsigned count,
                                                  unsigned size, unsigned names) const {
  std::vector<Section> all;
  std::vector<std::uint32_t> name_places;
  for (unsigned i = 0; i < count && contains(file_, offset, size); ++i, offset += size) {
    ByteReader reader(clipped(file_, offset, size));
    name_places.push_back(reader.u32());
    Section section;
    section.type = reader.u32();
    section.in_file = section.type != SHT_NOBITS;
    word(reader);  // flags
    section.address = word(reader);
    section.offset = word(reader);
    section.size = word(reader);
    section.link = reader.u32();
    if (!reader.ok()) break;
    all.push_back(section);
  }
  if (names >= all.size()) return all;
  const Bytes texts = contents(all[names]);
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].name = ByteReader(clipped(texts, name_places[i], kLongestName)).text();
  return all;
}

ElfImage::Found ElfImage::read_symbol(ByteReader& reader, Bytes names) const {
  Found one;
  std::uint64_t length = 0;
  const std::uint32_t name = reader.u32();
  if (!wide_) one.symbol.start = reader.u32();
  if (!wide_) length = reader.u32();
  const unsigned info = reader.read<std::uint8_t>();
  const unsigned visibility = reader.read<std::uint8_t>() & 3u;
  const unsigned section = reader.u16();
  if (wide_) one.symbol.start = reader.u64();
  if (wide_) length = reader.u64();
  const unsigned type = info & 0xf;
  one.label = type == STT_NOTYPE && section != SHN_ABS && visibility != STV_HIDDEN &&
              visibility != STV_INTERNAL;
  one.symbol.end = one.symbol.start + length;
  one.code = section != SHN_UNDEF && one.symbol.end >= one.symbol.start &&
             (type == STT_FUNC || type == STT_GNU_IFUNC || one.label);
  one.weak = info >> 4 == STB_WEAK;
  one.local = info >> 4 == STB_LOCAL;
  one.symbol.name = ByteReader(clipped(names, name, kLongestName)).text();
  return one;
}

std::vector<ElfImage::Found> ElfImage::read_symbols(const Section& table,
                                                    const Section& names) const {
  std::vector<Found> found;
  ByteReader reader(contents(table));
  while (reader.left() >= (wide_ ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym))) {
    Found one = read_symbol(reader, contents(names));
    if (one.code && !one.symbol.name.empty()) found.push_back(one);
  }
  return found;
}

// Calls of shared libraries' functions go through entries of 16 bytes, in the order
// of the relocations that fill them in.
std::vector<ElfImage::Found> ElfImage::read_jumps(const std::vector<Section>& all) const {
  const Section *relocations = nullptr, *jumps = nullptr;
  std::uint64_t first = 1;  // entry 0 of .plt calls the dynamic linker
  for (const Section& section : all) {
    if (section.name == ".rela.plt" || section.name == ".rel.plt") relocations = &section;
    if (section.name == ".plt" && jumps == nullptr) jumps = &section;
    if (section.name != ".plt.sec") continue;
    jumps = &section;
    first = 0;
  }
  if (relocations == nullptr || jumps == nullptr || relocations->link >= all.size() ||
      all[relocations->link].link >= all.size()) {
    return {};
  }
  const Bytes symbols = contents(all[relocations->link]);
  const Bytes names = contents(all[all[relocations->link].link]);
  const std::size_t symbol_size = wide_ ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
  const bool addends = relocations->type == SHT_RELA;
  const std::size_t size = (wide_ ? sizeof(Elf64_Addr) : sizeof(Elf32_Addr)) * (addends ? 3 : 2);
  std::vector<Found> found;
  ByteReader reader(contents(*relocations));
  constexpr std::uint64_t kEntry = 16;
  for (std::uint64_t at = first * kEntry; reader.left() >= size && at < jumps->size; at += kEntry) {
    word(reader);
    const std::uint64_t info = word(reader);
    if (addends) word(reader);
    const std::uint64_t index = wide_ ? info >> 32 : info >> 8;
    ByteReader symbol(clipped(symbols, index * symbol_size, symbol_size));
    Found one = read_symbol(symbol, names);
    one.symbol.start = jumps->address + at;
    one.symbol.end = one.symbol.start + kEntry;
    one.symbol.jump = true;
    one.label = one.weak = one.local = false;
    if (one.symbol.end > one.symbol.start) found.push_back(one);
  }
  return found;
}

void ElfImage::keep(std::vector<Found> found) {
  // Of equals the first in the file.
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.rank() < b.rank(); });
  std::uint64_t covered = 0;
  for (const Found& one : found) {
    const bool again = !symbols_.empty() && symbols_.back().start == one.symbol.start;
    // A label within a function is part of it.
    if (again || (one.label && one.symbol.start < covered)) continue;
    if (!symbols_.empty() && symbols_.back().end == symbols_.back().start)
      symbols_.back().end = one.symbol.start;
    symbols_.push_back(one.symbol);
    covered = std::max(covered, one.symbol.end);
  }
  if (!symbols_.empty() && symbols_.back().end == symbols_.back().start)
    symbols_.back().end = (symbols_.back().start / kPage + 2) * kPage;
}

std::optional<std::uint64_t> ElfImage::address_of(std::uint64_t file_offset) const {
  for (const Segment& segment : segments_) {
    if (file_offset >= segment.offset && file_offset - segment.offset < segment.size)
      return segment.address + (file_offset - segment.offset);
  }
  return std::nullopt;
}

const ElfImage::Symbol* ElfImage::find(std::uint64_t address) const {
  auto next =
      std::upper_bound(symbols_.begin(), symbols_.end(), address,
                       [](std::uint64_t a, const Symbol& symbol) { return a < symbol.start; });
  for (int i = 0; i < kNesting && next != symbols_.begin(); ++i) {
    --next;
    if (address < next->end) return &*next;
  }
  return nullptr;
}

}  // namespace perfctr::report
