// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Any bytes as a program or library, and as a table of kernel symbols.
#include "elf_image.hpp"
#include "kernel_symbols.hpp"

using namespace perfctr::report;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t sum = 0;
  if (const auto image = ElfImage::parse({data, size})) {
    for (const std::uint64_t offset : {0x0ul, 0x10ul, 0x1000ul, ~0ul}) {
      const std::uint64_t address = image->address_of(offset).value_or(offset);
      if (const auto* symbol = image->find(address)) sum += symbol->name.size();
    }
    // All of it must be there to be read.
    for (const std::uint8_t byte : image->build_id()) sum += byte;
  }
  const auto table = KernelSymbols::parse({reinterpret_cast<const char*>(data), size}, "table");
  if (table) {
    for (const std::uint64_t address : {0x1ul, ~0ul}) {
      if (const auto symbol = table->find(address)) sum += symbol->name.size();
    }
  }
  return sum == ~std::size_t{0} ? 1 : 0;
}
