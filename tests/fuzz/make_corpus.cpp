// SPDX-License-Identifier: LGPL-2.1-or-later
//
// make_corpus DIRECTORY: small recordings, each of which gets the fuzzer past
// another gate that random bytes do not pass.
#include "perf_data_image.hpp"

#include <cstdio>
#include <fstream>

using perfctr::test::ImageEvent;
using perfctr::test::Packer;
using perfctr::test::PerfDataImage;

namespace {

std::string directory;

void write(const char* name, const std::string& bytes) {
  std::ofstream(directory + '/' + name, std::ios::binary) << bytes;
}

PerfDataImage one_sample(std::uint64_t sample_type, const std::string& body,
                         std::uint64_t read_format = 0) {
  PerfDataImage image({ImageEvent{.sample_type = sample_type, .read_format = read_format}});
  return image.record(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, body);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  directory = argv[1];
  const PerfDataImage everything = perfctr::test::image_of_everything();
  write("file", everything.file());
  write("stream", everything.stream());
  write("empty", PerfDataImage().file());

  constexpr std::uint64_t kAll = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
                                 PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
                                 PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
                                 PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN;
  Packer fields;
  fields.u64(1).u64(0x1000).u32(1).u32(1).u64(5).u64(6).u64(1).u64(7).u64(0).u64(1000);
  fields.u64(1).u64(0x4ead).u64(1);  // one value of a group, with its id
  fields.u64(2).u64(static_cast<std::uint64_t>(PERF_CONTEXT_USER)).u64(0x1000);
  write("all-fields", one_sample(kAll, fields.bytes(), PERF_FORMAT_GROUP | PERF_FORMAT_ID).file());
  write("id-only",
        one_sample(PERF_SAMPLE_IP | PERF_SAMPLE_ID, Packer().u64(1).u64(1).bytes()).file());

  PerfDataImage features = everything;
  PerfDataImage ids;
  ids.record(67, 0, Packer().u32(1).raw(std::string(24, 'b')).padded("/no/such/other").bytes());
  features.features.insert(features.features.begin(), {2, ids.records});
  features.features.insert(features.features.begin() + 2,
                           {11, Packer().u32(1).raw(PerfDataImage::feature_text("perf")).bytes()});
  write("features", features.file());

  PerfDataImage trace;
  trace.record(71, 0, Packer().u64(4).u64(0).bytes());
  trace.records += "data";
  trace.record(66, 0, Packer().u32(1).bytes());
  trace.records += std::string(8, 0);
  write("payload", trace.sample(1, 1, 2, 3).file());

  PerfDataImage kernel;
  kernel.mmap(~0u, 0xffffffff81000000, 0x1000, 0, "[kernel.kallsyms]_text", 0,
              PERF_RECORD_MISC_KERNEL);
  kernel.mmap(~0u, 0xffffffffc0000000, 0x1000, 0, "/lib/a-b.ko", 0, PERF_RECORD_MISC_KERNEL);
  kernel.sample(1, 1, 0xffffffffc0000001, 1, 1, {}, PERF_RECORD_MISC_KERNEL);
  write("kernel", kernel.file());
  return 0;
}
