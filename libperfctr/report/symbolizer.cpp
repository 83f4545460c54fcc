// SPDX-License-Identifier: LGPL-2.1-or-later
#include "symbolizer.hpp"

#include "dso_names.hpp"

#include <cxxabi.h>
#include <elf.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace perfctr::report {
namespace {

Result<std::optional<KernelSymbols>> load_table(const std::string& path) {
  if (path.empty()) return std::optional<KernelSymbols>();
  const auto file = MappedFile::open(path);
  if (!file) return file.error();
  auto table = KernelSymbols::parse(std::string(ByteReader::as_text(file->bytes())), path);
  if (!table) return std::move(table).error();
  return std::optional(std::move(*table));
}

std::string demangled(std::string_view symbol) {
  std::string name(symbol);
  if (!name.starts_with("_Z")) return name;
  int status = 0;
  char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  if (text == nullptr) return name;
  name = text;
  std::free(text);
  return name;
}

// Where Debian and others put what they strip off.
std::string debug_path(Bytes build_id) {
  std::string path = "/usr/lib/debug/.build-id/";
  for (std::size_t i = 0; i < build_id.size(); ++i) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", unsigned{build_id[i]});
    path += digits;
    if (i == 0) path += '/';
  }
  return path + ".debug";
}

// "[heap]", "//anon" are none.
bool is_file(const std::string& path) { return path.starts_with('/') && !path.starts_with("//"); }

constexpr const char* kVdso = "[vdso]";

// What the kernel maps into each process, this one too.
Bytes own_vdso() {
  const auto* start = reinterpret_cast<const std::uint8_t*>(::getauxval(AT_SYSINFO_EHDR));
  if (start == nullptr) return {};
  Elf64_Ehdr header;
  std::memcpy(&header, start, sizeof(header));
  // The section headers are its last part.
  return {start, header.e_shoff + std::size_t{header.e_shnum} * header.e_shentsize};
}

constexpr bool in_upper_half(std::uint64_t address) { return address >> 63 != 0; }

}  // namespace

Result<Symbolizer> Symbolizer::create(SymbolOptions options) {
  Symbolizer symbolizer(std::move(options));
  auto kernel = load_table(symbolizer.options_.kernel_table);
  if (!kernel) return std::move(kernel).error();
  symbolizer.kernel_ = std::move(*kernel);
  auto hypervisor = load_table(symbolizer.options_.hypervisor_table);
  if (!hypervisor) return std::move(hypervisor).error();
  symbolizer.hypervisor_ = std::move(*hypervisor);
  return symbolizer;
}

void Symbolizer::expect_kernel(std::string_view symbol, std::uint64_t address) {
  if (!kernel_ || !kernel_fits_ || symbol.empty() || address == 0) return;
  const auto found = kernel_->address_of(symbol);
  if (found && *found == address) return;
  kernel_fits_ = false;
  notes_.push_back("'" + options_.kernel_table + "' has '" + std::string(symbol) +
                   "' not where the recorded kernel had it: it is of another kernel or boot, and "
                   "gives no symbols");
}

std::uint32_t Symbolizer::name_of(std::string_view symbol, Profile& profile) {
  const auto known = names_.find(symbol);
  if (known != names_.end()) return known->second;
  const std::uint32_t number = options_.demangle ? profile.strings.number(demangled(symbol))
                                                 : profile.strings.number(symbol);
  names_.emplace(symbol, number);
  return number;
}

Frame Symbolizer::in_table(Mode mode, std::uint32_t dso, std::uint64_t address,
                           const std::optional<KernelSymbols>& table, Profile& profile) {
  if (table) {
    if (const auto symbol = table->find(address))
      return {mode, dso, name_of(symbol->name, profile), symbol->start};
  }
  return {mode, dso, 0, address};
}

const ElfImage::Symbol* Symbolizer::Dso::find(std::uint64_t address) const {
  const ElfImage::Symbol* symbol = debug_image ? debug_image->find(address) : nullptr;
  return symbol != nullptr ? symbol : image->find(address);
}

const Symbolizer::Dso& Symbolizer::dso_of(std::uint32_t number, const std::string& path) {
  const auto [place, added] = dsos_.try_emplace(number);
  if (added && is_file(path)) load(place->second, path);
  if (added && path == kVdso) load_vdso(place->second);
  return place->second;
}

void Symbolizer::load(Dso& dso, const std::string& path) {
  auto file = MappedFile::open_plain(options_.root + path);
  if (!file) return;
  dso.file = std::move(*file);
  dso.image = ElfImage::parse(dso.file.bytes());
  if (!dso.image) return;
  const Bytes id = dso.image->build_id();
  const auto expected = expected_.find(path);
  if (expected != expected_.end() &&
      !std::equal(id.begin(), id.end(), expected->second.begin(), expected->second.end())) {
    dso.image.reset();
    notes_.push_back("'" + path +
                     "' is not the file that was recorded (its build-id differs), so it gives no "
                     "symbols");
    return;
  }
  if (dso.image->is_stripped() && id.size() > 1) {
    auto debug = MappedFile::open_plain(options_.root + debug_path(id));
    if (!debug) return;
    dso.debug_file = std::move(*debug);
    dso.debug_image = ElfImage::parse(dso.debug_file.bytes());
  }
}

// That of another kernel has other addresses, so it has to be known to be the same.
void Symbolizer::load_vdso(Dso& dso) {
  const auto expected = expected_.find(kVdso);
  if (expected == expected_.end()) return;
  dso.image = ElfImage::parse(own_vdso());
  if (!dso.image) return;
  const Bytes id = dso.image->build_id();
  if (!std::equal(id.begin(), id.end(), expected->second.begin(), expected->second.end()))
    dso.image.reset();
}

Frame Symbolizer::in_file(Mode mode, const Mapping& mapping, std::uint64_t address,
                          Profile& profile) {
  const std::uint64_t offset = mapping.in_file(address);
  const Dso& dso = dso_of(mapping.dso, profile.strings[mapping.dso]);
  if (!dso.image) {
    // Anonymous memory has no offsets that mean anything.
    return {mode, mapping.dso, 0, is_file(profile.strings[mapping.dso]) ? offset : address};
  }
  const auto place = dso.image->address_of(offset);
  if (!place) return {mode, mapping.dso, 0, offset};
  const ElfImage::Symbol* symbol = dso.find(*place);
  if (symbol == nullptr) return {mode, mapping.dso, 0, *place};
  const std::uint32_t name = symbol->jump
                                 ? profile.strings.number(std::string(symbol->name) + "@plt")
                                 : name_of(symbol->name, profile);
  return {mode, mapping.dso, name, symbol->start};
}

std::uint32_t Symbolizer::resolve(Mode mode, std::uint32_t pid, std::uint64_t address,
                                  const Tasks& tasks, Profile& profile) {
  StringTable& strings = profile.strings;
  Frame frame{mode, 0, 0, address};
  if (mode == Mode::kUnknown) mode = in_upper_half(address) ? Mode::kKernel : Mode::kUser;
  if (mode == Mode::kHypervisor) {
    frame = in_table(frame.mode, strings.number(kHypervisorDso), address, hypervisor_, profile);
  } else if (mode == Mode::kKernel) {
    const auto mapping = tasks.find_kernel(address);
    const std::uint32_t dso = mapping ? mapping->dso : strings.number(kKernelDso);
    frame = kernel_fits_ ? in_table(frame.mode, dso, address, kernel_, profile)
                         : Frame{frame.mode, dso, 0, address};
  } else if (mode == Mode::kGuestKernel) {
    frame.dso = strings.number(kGuestKernelDso);
  } else if (const auto mapping = tasks.find(pid, address)) {
    frame = in_file(frame.mode, *mapping, address, profile);
  } else {
    frame.dso = strings.number(kUnknownDso);
  }
  return profile.frames.number(frame);
}

}  // namespace perfctr::report
