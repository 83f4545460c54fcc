// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "elf_image.hpp"
#include "kernel_symbols.hpp"
#include "profile.hpp"
#include "tasks.hpp"

#include <map>

namespace perfctr::report {

struct SymbolOptions {
  std::string root;              // before the paths of mapped files
  std::string kernel_table;      // "" for none
  std::string hypervisor_table;  // "" for none
  bool demangle = true;
};

// Addresses of samples to frames.
class Symbolizer final {
 public:
  // Fails when a table that was asked for cannot be used.
  [[nodiscard]] static Result<Symbolizer> create(SymbolOptions options);

  void expect(const BuildId& build_id) { expected_[build_id.path] = build_id.id; }
  // Where the recorded kernel had a symbol: a table that has it elsewhere is that of
  // another kernel or boot, and not used.
  void expect_kernel(std::string_view symbol, std::uint64_t address);
  // The number of the frame at `address` of a process at this time.
  [[nodiscard]] std::uint32_t resolve(Mode mode, std::uint32_t pid, std::uint64_t address,
                                      const Tasks& tasks, Profile& profile);
  // Files whose symbols cannot be used because they are not what was recorded.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  // Files, and images of them that point into them.
  struct Dso {
    MappedFile file, debug_file;
    std::optional<ElfImage> image, debug_image;

    [[nodiscard]] const ElfImage::Symbol* find(std::uint64_t address) const;
  };

  explicit Symbolizer(SymbolOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Frame in_table(Mode mode, std::uint32_t dso, std::uint64_t address,
                               const std::optional<KernelSymbols>& table, Profile& profile);
  [[nodiscard]] Frame in_file(Mode mode, const Mapping& mapping, std::uint64_t address,
                              Profile& profile);
  const Dso& dso_of(std::uint32_t number, const std::string& path);
  void load(Dso& dso, const std::string& path);
  void load_vdso(Dso& dso);
  std::uint32_t name_of(std::string_view symbol, Profile& profile);

  SymbolOptions options_;
  // Names in names_ lie in these, so they stay.
  std::optional<KernelSymbols> kernel_, hypervisor_;
  bool kernel_fits_ = true;
  std::map<std::string, std::vector<std::uint8_t>> expected_;  // build-ids by path
  std::unordered_map<std::uint32_t, Dso> dsos_;
  // Demangling is slow, and the same few symbols come again and again.
  std::unordered_map<std::string_view, std::uint32_t> names_;
  std::vector<std::string> notes_;
};

}  // namespace perfctr::report
