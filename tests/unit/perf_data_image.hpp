// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A writer of perf.data for tests: every byte is what the test says.
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perfctr::test {

// Numbers as they lie in a file.
class Packer final {
 public:
  Packer& u8(std::uint64_t value) { return little(value, 1); }
  Packer& u16(std::uint64_t value) { return little(value, 2); }
  Packer& u32(std::uint64_t value) { return little(value, 4); }
  Packer& u64(std::uint64_t value) { return little(value, 8); }
  Packer& raw(std::string_view bytes) {
    text_ += bytes;
    return *this;
  }
  // With a NUL, and more up to a multiple of 8.
  Packer& padded(std::string_view bytes) {
    text_ += bytes;
    do text_ += '\0';
    while (text_.size() % 8 != 0);
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return text_; }

 private:
  Packer& little(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) text_ += static_cast<char>(value >> 8 * i & 0xff);
    return *this;
  }
  std::string text_;
};

struct ImageEvent {
  std::uint32_t type = PERF_TYPE_HARDWARE;
  std::uint64_t config = PERF_COUNT_HW_INSTRUCTIONS;
  std::uint64_t period = 1000;
  std::uint64_t sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
                              PERF_SAMPLE_TIME | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN;
  std::uint64_t read_format = 0;
  bool sample_id_all = true;
  std::vector<std::uint64_t> ids = {1};
};

class PerfDataImage final {
 public:
  PerfDataImage() { events.emplace_back(); }
  explicit PerfDataImage(std::vector<ImageEvent> list) : events(std::move(list)) {}

  std::vector<ImageEvent> events;
  std::vector<std::pair<unsigned, std::string>> features;  // by rising number
  std::string records;

  PerfDataImage& record(std::uint32_t type, std::uint16_t misc, const std::string& body) {
    records += Packer().u32(type).u16(misc).u16(body.size() + 8).raw(body).bytes();
    return *this;
  }

  // The records below have the layout of the first event's default sample_type.
  static std::string trailer(std::uint32_t pid, std::uint32_t tid, std::uint64_t time,
                             std::uint64_t id = 1) {
    return Packer().u32(pid).u32(tid).u64(time).u64(id).bytes();
  }
  PerfDataImage& comm(std::uint32_t pid, std::uint32_t tid, std::string_view name,
                      std::uint64_t time, bool exec = false) {
    const std::uint16_t misc = exec ? PERF_RECORD_MISC_COMM_EXEC : 0;
    return record(PERF_RECORD_COMM, misc,
                  Packer().u32(pid).u32(tid).padded(name).raw(trailer(pid, tid, time)).bytes());
  }
  PerfDataImage& mmap(std::uint32_t pid, std::uint64_t start, std::uint64_t size,
                      std::uint64_t offset, std::string_view path, std::uint64_t time,
                      std::uint16_t misc = PERF_RECORD_MISC_USER) {
    return record(PERF_RECORD_MMAP, misc,
                  Packer()
                      .u32(pid)
                      .u32(pid)
                      .u64(start)
                      .u64(size)
                      .u64(offset)
                      .padded(path)
                      .raw(trailer(pid, pid, time))
                      .bytes());
  }
  PerfDataImage& mmap2(std::uint32_t pid, std::uint64_t start, std::uint64_t size,
                       std::uint64_t offset, std::string_view path, std::uint64_t time,
                       const std::string& build_id = {}) {
    Packer body;
    body.u32(pid).u32(pid).u64(start).u64(size).u64(offset);
    if (build_id.empty()) {
      body.u32(8).u32(1).u64(4711).u64(1);
    } else {
      body.u8(build_id.size()).u8(0).u16(0).raw(build_id).raw(std::string(20 - build_id.size(), 0));
    }
    body.u32(5).u32(2).padded(path).raw(trailer(pid, pid, time));
    const unsigned misc =
        PERF_RECORD_MISC_USER | (build_id.empty() ? 0 : PERF_RECORD_MISC_MMAP_BUILD_ID);
    return record(PERF_RECORD_MMAP2, static_cast<std::uint16_t>(misc), body.bytes());
  }
  PerfDataImage& fork(std::uint32_t pid, std::uint32_t ppid, std::uint32_t tid, std::uint32_t ptid,
                      std::uint64_t time, std::uint16_t misc = 0) {
    return record(PERF_RECORD_FORK, misc,
                  Packer()
                      .u32(pid)
                      .u32(ppid)
                      .u32(tid)
                      .u32(ptid)
                      .u64(time)
                      .raw(trailer(pid, tid, time))
                      .bytes());
  }
  PerfDataImage& lost(std::uint64_t count, std::uint64_t time) {
    return record(PERF_RECORD_LOST, 0, Packer().u64(1).u64(count).raw(trailer(0, 0, time)).bytes());
  }
  PerfDataImage& sample(std::uint32_t pid, std::uint32_t tid, std::uint64_t ip, std::uint64_t time,
                        std::uint64_t period = 1000, const std::vector<std::uint64_t>& chain = {},
                        std::uint16_t misc = PERF_RECORD_MISC_USER, std::uint64_t id = 1) {
    Packer body;
    body.u64(id).u64(ip).u32(pid).u32(tid).u64(time).u64(period).u64(chain.size());
    for (const std::uint64_t address : chain) body.u64(address);
    return record(PERF_RECORD_SAMPLE, misc, body.bytes());
  }

  static constexpr std::size_t kAttrSize = 112;

  [[nodiscard]] static std::string attr(const ImageEvent& event) {
    const std::uint64_t flags = event.sample_id_all ? std::uint64_t{1} << 18 : 0;
    Packer out;
    out.u32(event.type).u32(kAttrSize).u64(event.config).u64(event.period).u64(event.sample_type);
    out.u64(event.read_format).u64(flags);
    return out.raw(std::string(kAttrSize - out.bytes().size(), 0)).bytes();
  }

  [[nodiscard]] std::string file() const {
    const std::size_t ids_at = 104, entry = kAttrSize + 16;
    Packer ids, attrs;
    for (const ImageEvent& event : events) {
      attrs.raw(attr(event)).u64(ids_at + ids.bytes().size()).u64(event.ids.size() * 8);
      for (const std::uint64_t id : event.ids) ids.u64(id);
    }
    const std::size_t attrs_at = ids_at + ids.bytes().size();
    const std::size_t data_at = attrs_at + attrs.bytes().size();
    std::uint64_t bits[4] = {};
    for (const auto& [number, bytes] : features)
      bits[number / 64] |= std::uint64_t{1} << number % 64;
    Packer out;
    out.raw("PERFILE2").u64(104).u64(entry);
    out.u64(attrs_at).u64(entry * events.size()).u64(data_at).u64(records.size()).u64(0).u64(0);
    for (const std::uint64_t word : bits) out.u64(word);
    out.raw(ids.bytes()).raw(attrs.bytes()).raw(records);
    std::size_t place = out.bytes().size() + 16 * features.size();
    for (const auto& [number, bytes] : features) {
      out.u64(place).u64(bytes.size());
      place += bytes.size();
    }
    for (const auto& [number, bytes] : features) out.raw(bytes);
    return out.bytes();
  }

  // As it is written to a pipe.
  [[nodiscard]] std::string stream() const {
    PerfDataImage out;
    for (const ImageEvent& event : events) {
      Packer body;
      body.raw(attr(event));
      for (const std::uint64_t id : event.ids) body.u64(id);
      out.record(64, 0, body.bytes());
    }
    for (const auto& [number, bytes] : features)
      out.record(80, 0, Packer().u64(number).raw(bytes).bytes());
    return Packer().raw("PERFILE2").u64(16).raw(out.records).raw(records).bytes();
  }

  // Contents of features.
  static std::string feature_text(std::string_view text) {
    Packer padded;
    padded.padded(text);
    return Packer().u32(padded.bytes().size()).raw(padded.bytes()).bytes();
  }
  [[nodiscard]] std::string event_names(const std::vector<std::string>& names) const {
    Packer out;
    out.u32(names.size()).u32(kAttrSize);
    for (std::size_t i = 0; i < names.size(); ++i) {
      out.raw(attr(events[i])).u32(events[i].ids.size()).raw(feature_text(names[i]));
      for (const std::uint64_t id : events[i].ids) out.u64(id);
    }
    return out.bytes();
  }
};

// Two processes, kernel, hypervisor, call chains, two events: something of
// everything, in few bytes.
[[nodiscard]] inline PerfDataImage image_of_everything() {
  PerfDataImage image({ImageEvent{}, ImageEvent{.config = PERF_COUNT_HW_CPU_CYCLES, .ids = {2}}});
  constexpr std::uint64_t kUser = static_cast<std::uint64_t>(PERF_CONTEXT_USER);
  constexpr std::uint64_t kKernel = static_cast<std::uint64_t>(PERF_CONTEXT_KERNEL);
  constexpr std::uint64_t kHv = static_cast<std::uint64_t>(PERF_CONTEXT_HV);
  image.comm(10, 10, "parent", 0).mmap2(10, 0x1000, 0x1000, 0, "/no/such/program", 0);
  image.mmap(10, 0x8000, 0x1000, 0x2000, "/no/such/library.so", 5);
  image.sample(10, 10, 0x1100, 10, 1000, {kUser, 0x1100, 0x1201, 0x8100});
  image.fork(20, 10, 20, 10, 11).sample(20, 20, 0x1100, 12, 500);
  image.comm(20, 20, "child", 13, true)
      .mmap2(20, 0x1000, 0x1000, 0, "/no/such/other", 14, std::string(20, 'b'));
  image.sample(20, 20, 0x1100, 15, 2000, {kUser, 0x1100, 0x1150});
  image.sample(10, 10, 0xffffffff81000010, 16, 1000,
               {kKernel, 0xffffffff81000010, 0xffffffff81000200, kUser, 0x1100, 0x1201},
               PERF_RECORD_MISC_KERNEL);
  image.sample(10, 10, 0xffff82d040200010, 17, 1000,
               {kHv, 0xffff82d040200010, kUser, 0x1180, 0x1201}, PERF_RECORD_MISC_HYPERVISOR, 2);
  image.lost(7, 18).record(68, 0, "");
  image.features = {{3, PerfDataImage::feature_text("guest")},
                    {12, image.event_names({"instructions:u", "cycles:ukh"})}};
  return image;
}

}  // namespace perfctr::test
