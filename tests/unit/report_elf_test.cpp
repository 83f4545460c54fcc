// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Symbols: ELF images made here, this program's own, tables of a kernel.
#include "skip.hpp"

#include "elf_image.hpp"
#include "kernel_symbols.hpp"
#include "mapped_file.hpp"
#include "perf_data_image.hpp"
#include "profile_builder.hpp"

#include <elf.h>
#include <link.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace perfctr::test {
namespace {

using namespace perfctr::report;

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct ElfSymbol {
  std::string name;
  std::uint64_t start, size;
  unsigned type = STT_FUNC, binding = STB_GLOBAL, section = 1, visibility = STV_DEFAULT;
};

// One loaded segment whose addresses differ from its place in the file by `slide`.
std::string elf(const std::vector<ElfSymbol>& symbols, std::uint64_t slide = 0x400000,
                const std::string& build_id = "", bool wide = true, unsigned table = SHT_SYMTAB) {
  Packer names, syms, notes;
  names.raw(std::string(1, 0));
  for (const ElfSymbol& symbol : symbols) {
    const std::uint64_t info = symbol.binding << 4 | symbol.type;
    syms.u32(names.bytes().size());
    if (!wide) syms.u32(symbol.start).u32(symbol.size);
    syms.u8(info).u8(symbol.visibility).u16(symbol.section);
    if (wide) syms.u64(symbol.start).u64(symbol.size);
    names.raw(symbol.name).raw(std::string(1, 0));
  }
  if (!build_id.empty())
    notes.u32(4)
        .u32(build_id.size())
        .u32(NT_GNU_BUILD_ID)
        .raw(std::string("GNU\0", 4))
        .raw(build_id);
  const auto word = [&](Packer& out, std::uint64_t value) -> Packer& {
    return wide ? out.u64(value) : out.u32(value);
  };
  const std::size_t header = wide ? 64 : 52, segment = wide ? 56 : 32, section = wide ? 64 : 40;
  const std::size_t names_at = header + 2 * segment + 3 * section;
  const std::size_t syms_at = names_at + names.bytes().size();
  const std::size_t notes_at = syms_at + syms.bytes().size();
  Packer out;
  out.raw(
         "\x7f"
         "ELF")
      .u8(wide ? ELFCLASS64 : ELFCLASS32)
      .u8(ELFDATA2LSB)
      .u8(1);
  out.raw(std::string(9, 0)).u16(ET_DYN).u16(EM_X86_64).u32(1);
  word(out, 0);
  word(out, header);
  word(out, header + 2 * segment);
  out.u32(0).u16(header).u16(segment).u16(2).u16(section).u16(3).u16(0);
  const auto program_header = [&](std::uint32_t type, std::uint64_t offset, std::uint64_t address,
                                  std::uint64_t size) {
    out.u32(type);
    if (wide) out.u32(5);
    word(out, offset);
    word(out, address);
    word(out, address);
    word(out, size);
    word(out, size);
    if (!wide) out.u32(5);
    word(out, 8);
  };
  program_header(PT_LOAD, 0x1000, 0x1000 + slide, 0x1000);
  program_header(PT_NOTE, notes_at, 0, notes.bytes().size());
  const auto section_header = [&](std::uint32_t type, std::uint64_t offset, std::uint64_t size,
                                  std::uint32_t link) {
    out.u32(0).u32(type);
    word(out, 0);
    word(out, 0);
    word(out, offset);
    word(out, size);
    out.u32(link).u32(0);
    word(out, 8);
    word(out, 0);
  };
  section_header(SHT_NULL, 0, 0, 0);
  section_header(table, syms_at, syms.bytes().size(), 2);
  section_header(SHT_STRTAB, names_at, names.bytes().size(), 0);
  out.raw(names.bytes()).raw(syms.bytes()).raw(notes.bytes());
  CPPUNIT_ASSERT_EQUAL(notes_at + notes.bytes().size(), out.bytes().size());
  return out.bytes();
}

std::string name_at(const ElfImage& image, std::uint64_t address) {
  const ElfImage::Symbol* symbol = image.find(address);
  return symbol != nullptr ? std::string(symbol->name) : "";
}

class ReportElfTest final : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ReportElfTest);
  CPPUNIT_TEST(finds_symbols);
  CPPUNIT_TEST(chooses_among_names);
  CPPUNIT_TEST(leaves_out_what_is_no_code);
  CPPUNIT_TEST(narrow_files);
  CPPUNIT_TEST(build_ids);
  CPPUNIT_TEST(this_program);
  CPPUNIT_TEST(jumps_to_shared_libraries);
  CPPUNIT_TEST(the_kernels_own_library);
  CPPUNIT_TEST(not_elf);
  CPPUNIT_TEST(every_byte_damaged);
  CPPUNIT_TEST(kernel_tables);
  CPPUNIT_TEST(profile_with_symbols);
  CPPUNIT_TEST(other_kernel_than_recorded);
  CPPUNIT_TEST(other_file_than_recorded);
  CPPUNIT_TEST(files_that_are_no_files);
  CPPUNIT_TEST_SUITE_END();

 public:
  void finds_symbols() {
    const std::string file = elf({{"second", 0x401100, 0x40},
                                  {"first", 0x401010, 0x10},
                                  {"endless", 0x401200, 0},
                                  {"last", 0x401300, 0}});
    const auto image = ElfImage::parse(bytes_of(file));
    CPPUNIT_ASSERT(image && !image->is_stripped());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x401010}, *image->address_of(0x1010));
    CPPUNIT_ASSERT(!image->address_of(0xfff) && !image->address_of(0x2000));
    CPPUNIT_ASSERT_EQUAL(std::string(), name_at(*image, 0x40100f));
    CPPUNIT_ASSERT_EQUAL(std::string("first"), name_at(*image, 0x401010));
    CPPUNIT_ASSERT_EQUAL(std::string("first"), name_at(*image, 0x40101f));
    CPPUNIT_ASSERT_EQUAL(std::string(), name_at(*image, 0x401020));
    CPPUNIT_ASSERT_EQUAL(std::string("second"), name_at(*image, 0x40113f));
    // Without a size, up to the next one or the end of the page.
    CPPUNIT_ASSERT_EQUAL(std::string("endless"), name_at(*image, 0x4012ff));
    CPPUNIT_ASSERT_EQUAL(std::string("last"), name_at(*image, 0x401fff));
    CPPUNIT_ASSERT_EQUAL(std::string(), name_at(*image, 0x403000));
    CPPUNIT_ASSERT_EQUAL(std::string(), name_at(*image, ~std::uint64_t{0}));
    const std::string dynamic = elf({{"f", 0x401000, 1}}, 0x400000, "", true, SHT_DYNSYM);
    const auto stripped = ElfImage::parse(bytes_of(dynamic));
    CPPUNIT_ASSERT(stripped->is_stripped());
    CPPUNIT_ASSERT_EQUAL(std::string("f"), name_at(*stripped, 0x401000));
  }

  void chooses_among_names() {
    const auto best = [](const std::vector<ElfSymbol>& symbols) {
      const std::string file = elf(symbols);
      return name_at(*ElfImage::parse(bytes_of(file)), 0x401000);
    };
    const ElfSymbol weak{"a_long_weak_name", 0x401000, 8, STT_FUNC, STB_WEAK};
    const ElfSymbol local{"a_long_local_name", 0x401000, 8, STT_FUNC, STB_LOCAL};
    const ElfSymbol global{"global", 0x401000, 8};
    const ElfSymbol hidden{"__long_global", 0x401000, 8};
    const ElfSymbol longer{"global_name", 0x401000, 8};
    const ElfSymbol sizeless{"a_very_long_name_without_size", 0x401000, 0};
    CPPUNIT_ASSERT_EQUAL(global.name, best({weak, local, sizeless, hidden, global}));
    CPPUNIT_ASSERT_EQUAL(longer.name, best({global, longer}));
    CPPUNIT_ASSERT_EQUAL(local.name, best({weak, local}));
    // Of equals the first.
    CPPUNIT_ASSERT_EQUAL(std::string("xC2"), best({{"xC2", 0x401000, 8}, {"xC1", 0x401000, 8}}));
    // A function within a longer one, and what follows it.
    const std::string nested = elf({{"outer", 0x401000, 0x100}, {"inner", 0x401010, 0x10}});
    const auto image = ElfImage::parse(bytes_of(nested));
    CPPUNIT_ASSERT_EQUAL(std::string("inner"), name_at(*image, 0x401018));
    CPPUNIT_ASSERT_EQUAL(std::string("outer"), name_at(*image, 0x401020));
  }

  void leaves_out_what_is_no_code() {
    const std::string file = elf({{"function", 0x401000, 0x20},
                                  {"label_within", 0x401010, 0, STT_NOTYPE},
                                  {"label", 0x401040, 0, STT_NOTYPE},
                                  {"object", 0x401050, 8, STT_OBJECT},
                                  {"undefined", 0x401060, 8, STT_FUNC, STB_GLOBAL, SHN_UNDEF},
                                  {"hidden", 0x401070, 0, STT_NOTYPE, STB_GLOBAL, 1, STV_HIDDEN},
                                  {"absolute", 0x401080, 0, STT_NOTYPE, STB_GLOBAL, SHN_ABS},
                                  {"", 0x401090, 8},
                                  {"indirect", 0x4010a0, 8, STT_GNU_IFUNC},
                                  {"wraps", ~std::uint64_t{0} - 4, 8}});
    const auto image = ElfImage::parse(bytes_of(file));
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, image->symbol_count());
    CPPUNIT_ASSERT_EQUAL(std::string("function"), name_at(*image, 0x401015));
    CPPUNIT_ASSERT_EQUAL(std::string("label"), name_at(*image, 0x401098));
    CPPUNIT_ASSERT_EQUAL(std::string("indirect"), name_at(*image, 0x4010a7));
  }

  void narrow_files() {
    const std::string file = elf({{"f", 0x401010, 0x10}}, 0x400000, "0123456789abcdefghij", false);
    const auto image = ElfImage::parse(bytes_of(file));
    CPPUNIT_ASSERT(image.has_value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x401010}, *image->address_of(0x1010));
    CPPUNIT_ASSERT_EQUAL(std::string("f"), name_at(*image, 0x401011));
    CPPUNIT_ASSERT_EQUAL(std::size_t{20}, image->build_id().size());
  }

  void build_ids() {
    const std::string file = elf({}, 0, "12345678");
    CPPUNIT_ASSERT_EQUAL(
        std::string("12345678"),
        std::string(ByteReader::as_text(ElfImage::parse(bytes_of(file))->build_id())));
    const std::string none = elf({});
    CPPUNIT_ASSERT(ElfImage::parse(bytes_of(none))->build_id().empty());
  }

  // Position-independent or not, prelinked or not: what the loader says has to be
  // what the program headers say.
  void this_program() {
    const auto file = MappedFile::open_plain("/proc/self/exe");
    CPPUNIT_ASSERT(file.ok());
    const auto image = ElfImage::parse(file->bytes());
    CPPUNIT_ASSERT(image.has_value());
    std::uint64_t base = 0;
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* out) {
          *static_cast<std::uint64_t*>(out) = info->dlpi_addr;
          return 1;  // the first is the program
        },
        &base);
    const auto address = reinterpret_cast<std::uint64_t>(&perfctr::test::run) - base;
    CPPUNIT_ASSERT(name_at(*image, address + 1).find("3run") != std::string::npos);
    CPPUNIT_ASSERT_EQUAL(address, image->find(address + 1)->start);
  }

  // objdump knows how the entries of .plt belong to functions.
  void jumps_to_shared_libraries() {
    if (run("command -v objdump").status != 0) skip("objdump is not installed");
    const std::string directory = scratch("jumps");
    write(directory + "/p.c",
          "#include <stdio.h>\n#include <stdlib.h>\n"
          "int main(void) { puts(getenv(\"X\")); abort(); }\n");
    for (const char* flags : {"-fcf-protection=none", "-fcf-protection -Wl,-z,ibtplt", "-no-pie"}) {
      const std::string program = directory + "/p";
      const Ran built =
          run("cc " + std::string(flags) + " -Wl,-z,lazy -o " + program + ' ' + directory + "/p.c");
      CPPUNIT_ASSERT_MESSAGE(built.output, built.status == 0);
      const auto file = MappedFile::open_plain(program);
      const auto image = ElfImage::parse(file->bytes());
      std::istringstream lines(
          run("objdump -d " + program + " | grep '<[a-z]*@plt>:' | tr -d '<>:'").output);
      unsigned found = 0;
      std::uint64_t address = 0;
      for (std::string name; lines >> std::hex >> address >> name; ++found) {
        const ElfImage::Symbol* symbol = image->find(address + 4);
        CPPUNIT_ASSERT_MESSAGE(name, symbol != nullptr && symbol->jump);
        CPPUNIT_ASSERT_EQUAL(name, std::string(symbol->name) + "@plt");
        CPPUNIT_ASSERT_EQUAL(address, symbol->start);
      }
      CPPUNIT_ASSERT_EQUAL_MESSAGE(flags, 3u, found);
      CPPUNIT_ASSERT(name_at(*image, address + 32) != "abort");
    }
  }

  void the_kernels_own_library() {
    Bytes vdso;
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* out) {
          if (std::string(info->dlpi_name).find("vdso") == std::string::npos) return 0;
          *static_cast<Bytes*>(out) =
              Bytes(reinterpret_cast<const std::uint8_t*>(info->dlpi_phdr) - 64, 4096);
          return 1;
        },
        &vdso);
    const auto own = ElfImage::parse(vdso);
    if (!own || own->build_id().empty()) skip("there is no vdso");
    const std::string id(ByteReader::as_text(own->build_id()));
    for (const bool same : {true, false}) {
      PerfDataImage image;
      image.mmap(1, 0x7000, 0x2000, 0, "[vdso]", 0);
      for (std::uint64_t ip = 0x7000; ip < 0x9000; ip += 16) image.sample(1, 1, ip, 1);
      PerfDataImage ids;
      ids.record(
          67, 0,
          Packer().u32(1).raw(same ? id : std::string(20, 'x')).u32(0).padded("[vdso]").bytes());
      image.features = {{2, ids.records}};
      CPPUNIT_ASSERT_EQUAL(same, symbols_of(image.file(), {}).find("gettime") != std::string::npos);
    }
    // Without a build-id it may be any kernel's.
    PerfDataImage image;
    image.mmap(1, 0x7000, 0x2000, 0, "[vdso]", 0);
    for (std::uint64_t ip = 0x7000; ip < 0x9000; ip += 16) image.sample(1, 1, ip, 1);
    CPPUNIT_ASSERT(symbols_of(image.file(), {}).find("gettime") == std::string::npos);
  }

  void not_elf() {
    CPPUNIT_ASSERT(!ElfImage::parse({}));
    CPPUNIT_ASSERT(!ElfImage::parse(bytes_of("#!/bin/sh\n")));
    std::string file = elf({{"f", 0x401010, 0x10}});
    for (std::size_t size = 0; size < 64; ++size)
      CPPUNIT_ASSERT(!ElfImage::parse(bytes_of(file).first(size)));
    file[EI_DATA] = ELFDATA2MSB;
    CPPUNIT_ASSERT(!ElfImage::parse(bytes_of(file)));
  }

  void every_byte_damaged() {
    for (const bool wide : {true, false}) {
      const std::string file =
          elf({{"f", 0x401010, 0x10}, {"g", 0x401020, 0}}, 0x400000, "id", wide);
      for (std::size_t i = 0; i < file.size(); ++i) {
        for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
          // On the heap at its exact size, so that a sanitizer sees a step too far.
          std::vector<std::uint8_t> copy(file.begin(), file.end());
          copy[i] = static_cast<std::uint8_t>(value);
          const auto image = ElfImage::parse(copy);
          if (!image) continue;
          for (const std::uint64_t address : {0x0, 0x1010, 0x401010, 0x401025})
            static_cast<void>(name_at(*image, image->address_of(address).value_or(address)));
        }
        const std::vector<std::uint8_t> cut(file.begin(), file.begin() + static_cast<long>(i));
        if (const auto image = ElfImage::parse(cut)) static_cast<void>(name_at(*image, 0x401010));
      }
    }
  }

  void kernel_tables() {
    const auto table = KernelSymbols::parse(
        "ffffffff81000000 T _stext\nffffffff81000000 T _text\nffffffff81000100 t local_one\n"
        "ffffffff81000180 d data\nffffffff81000200 W weak\t[module]\nnonsense\n\nffffffff81000300 "
        "T\n",
        "table");
    CPPUNIT_ASSERT(table.ok());
    const auto name = [&](std::uint64_t address) {
      const auto symbol = table->find(address);
      return symbol ? std::string(symbol->name) : "";
    };
    CPPUNIT_ASSERT_EQUAL(std::string(), name(0xffffffff80ffffff));
    CPPUNIT_ASSERT_EQUAL(std::string("_text"), name(0xffffffff81000000));
    CPPUNIT_ASSERT_EQUAL(std::string("local_one"), name(0xffffffff810001ff));
    CPPUNIT_ASSERT_EQUAL(std::string("weak"), name(0xffffffffffffffff));
    const auto hidden = KernelSymbols::parse("0000000000000000 T _text\n", "/proc/kallsyms");
    CPPUNIT_ASSERT(!hidden && hidden.error().remedy.find("kptr_restrict") != std::string::npos);
    CPPUNIT_ASSERT(!KernelSymbols::parse("", "x") && !KernelSymbols::parse("hello\n", "x"));
  }

  void profile_with_symbols() {
    const std::string directory = scratch("symbols");
    write(directory + "/lib/program", elf({{"_ZN2ns4workEi", 0x401010, 0x10}}));
    write(directory + "/kernel", "ffffffff81000000 T do_syscall_64\n");
    write(directory + "/xen", "ffff82d040200000 T vmx_vmexit_handler\n");
    PerfDataImage image;
    image.mmap(1, 0x7f0000001000, 0x1000, 0x1000, "/lib/program", 0);
    image.sample(1, 1, 0x7f0000001018, 1).sample(1, 1, 0x7f0000001100, 2);
    image.sample(1, 1, 0xffffffff81000004, 3, 1, {}, PERF_RECORD_MISC_KERNEL);
    image.sample(1, 1, 0xffff82d040200004, 4, 1, {}, PERF_RECORD_MISC_HYPERVISOR);
    const std::string file = image.file();
    SymbolOptions options{.root = directory,
                          .kernel_table = directory + "/kernel",
                          .hypervisor_table = directory + "/xen"};
    CPPUNIT_ASSERT_EQUAL(std::string("ns::work(int) 0x0000000000401100 do_syscall_64 "
                                     "vmx_vmexit_handler "),
                         symbols_of(file, options));
    options.demangle = false;
    CPPUNIT_ASSERT(symbols_of(file, options).starts_with("_ZN2ns4workEi "));
    // What was asked for has to be there.
    options.kernel_table = directory + "/none";
    CPPUNIT_ASSERT(!build_profile(bytes_of(file), options));
  }

  void other_kernel_than_recorded() {
    const std::string table = scratch("kernel") + "/table";
    write(table, "ffffffff81000000 T _text_end\nffffffff81000000 T _text\nffffffff81000010 t f\n");
    const auto symbol = [&](std::uint64_t recorded, const std::string& name, std::size_t notes) {
      PerfDataImage image;
      image.mmap(~0u, 0xffffffff81000000, 0x1000, recorded, "[kernel.kallsyms]" + name, 0,
                 PERF_RECORD_MISC_KERNEL);
      image.sample(1, 1, 0xffffffff81000012, 3, 1, {}, PERF_RECORD_MISC_KERNEL);
      const std::string file = image.file();
      const auto profile = build_profile(
          bytes_of(file), {.root = {}, .kernel_table = table, .hypervisor_table = {}});
      CPPUNIT_ASSERT_EQUAL(notes, profile->notes.size());
      return profile->symbol_of(profile->frames[0]);
    };
    CPPUNIT_ASSERT_EQUAL(std::string("f"), symbol(0xffffffff81000000, "_text", 0));
    CPPUNIT_ASSERT_EQUAL(std::string("f"), symbol(0, "_text", 0));
    CPPUNIT_ASSERT_EQUAL(std::string("0xffffffff81000012"), symbol(0xffffffff91000000, "_text", 1));
    CPPUNIT_ASSERT_EQUAL(std::string("0xffffffff81000012"), symbol(0xffffffff81000000, "_ext", 1));
  }

  void other_file_than_recorded() {
    const std::string directory = scratch("other");
    write(directory + "/lib/program",
          elf({{"work", 0x401010, 0x10}}, 0x400000, std::string(20, 'n')));
    PerfDataImage image;
    image.mmap2(1, 0x1000, 0x1000, 0x1000, "/lib/program", 0, std::string(20, 'o'));
    image.sample(1, 1, 0x1010, 1);
    const auto profile = build_profile(
        bytes_of(image.file()), {.root = directory, .kernel_table = {}, .hypervisor_table = {}});
    CPPUNIT_ASSERT(profile.ok());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, profile->notes.size());
    CPPUNIT_ASSERT(profile->notes[0].find("build-id") != std::string::npos);
    CPPUNIT_ASSERT_EQUAL(0u, profile->frames[0].symbol);
    PerfDataImage same;
    same.mmap2(1, 0x1000, 0x1000, 0x1000, "/lib/program", 0, std::string(20, 'n'));
    same.sample(1, 1, 0x1010, 1);
    CPPUNIT_ASSERT_EQUAL(
        std::string("work "),
        symbols_of(same.file(), {.root = directory, .kernel_table = {}, .hypervisor_table = {}}));
  }

  // A recording may name anything: a pipe must not block, a device not be opened.
  void files_that_are_no_files() {
    const std::string directory = scratch("special");
    CPPUNIT_ASSERT_EQUAL(0, run("mkfifo " + directory + "/pipe").status);
    PerfDataImage image;
    std::uint64_t start = 0x1000;
    for (const std::string& path :
         {directory + "/pipe", std::string("/dev/zero"), std::string("/dev/stdin"), directory,
          std::string("/proc/self/mem"), std::string("relative"), std::string(),
          std::string(5000, '/')}) {
      image.mmap(1, start, 0x1000, 0, path, 0).sample(1, 1, start, 1);
      start += 0x1000;
    }
    const auto profile = build_profile(bytes_of(image.file()), {});
    CPPUNIT_ASSERT(profile.ok());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{8}, profile->events[0].total.samples);
  }

 private:
  static std::string scratch(const std::string& name) {
    const std::string path = setting("PERFCTR_SCRATCH") + "/report-" + name;
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path + "/lib");
    return path;
  }
  static void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  // Of all frames, in order.
  static std::string symbols_of(const std::string& file, const SymbolOptions& options) {
    const auto profile = build_profile(bytes_of(file), options);
    CPPUNIT_ASSERT_MESSAGE(profile ? "" : profile.error().message, profile.ok());
    std::string text;
    for (std::uint32_t i = 0; i < profile->frames.size(); ++i)
      text += profile->symbol_of(profile->frames[i]) + ' ';
    return text;
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReportElfTest);

}  // namespace
}  // namespace perfctr::test
