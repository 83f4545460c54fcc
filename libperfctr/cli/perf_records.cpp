// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perf_records.hpp"

#include <cstring>

namespace perfctr::cli {
namespace {

// The two halves of an address space of x86-64.
bool is_kernel_address(std::uint64_t address) { return address >> 63 != 0; }

class Builder final {
 public:
  Builder(std::uint32_t type, std::uint16_t misc) {
    add(perf_event_header{.type = type, .misc = misc, .size = 0});
  }
  template <class Value>
  Builder& add(Value value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof(value));
    std::memcpy(bytes_.data() + at, &value, sizeof(value));
    return *this;
  }
  Builder& u32(std::uint64_t value) { return add(static_cast<std::uint32_t>(value)); }
  Builder& u64(std::uint64_t value) { return add(value); }
  Builder& ids(ThreadIds ids) { return add(ids.pid).add(ids.tid); }
  // Terminated, and filled up to a multiple of 8.
  Builder& text(std::string_view text) {
    text = text.substr(0, 4095);
    const std::size_t at = bytes_.size();
    bytes_.resize(at + text.size() + 8 - text.size() % 8);
    std::memcpy(bytes_.data() + at, text.data(), text.size());
    return *this;
  }
  Builder& sample_id(ThreadIds thread, std::uint64_t time_ns, std::uint64_t id = kFirstId) {
    return ids(thread).u64(time_ns).u32(0).u32(0).u64(id);
  }
  RecordBytes done() {
    const auto size = static_cast<std::uint16_t>(bytes_.size());
    std::memcpy(bytes_.data() + offsetof(perf_event_header, size), &size, sizeof(size));
    return std::move(bytes_);
  }

 private:
  RecordBytes bytes_;
};

RecordBytes task_record(std::uint32_t type, ThreadIds ids, ThreadIds parent,
                        std::uint64_t time_ns) {
  return Builder(type, 0)
      .add(ids.pid)
      .add(parent.pid)
      .add(ids.tid)
      .add(parent.tid)
      .u64(time_ns)
      .sample_id(ids, time_ns)
      .done();
}

std::uint64_t context_of(SampleMode mode) {
  return mode == SampleMode::kKernel       ? PERF_CONTEXT_KERNEL
         : mode == SampleMode::kHypervisor ? PERF_CONTEXT_HV
                                           : PERF_CONTEXT_USER;
}

// perf's form: the ip, then the callers, each part of it after a mark that says
// whose addresses follow.
std::vector<std::uint64_t> marked_chain(const Sample& sample) {
  std::vector<std::uint64_t> chain;
  std::uint64_t context = context_of(sample.mode);
  chain.push_back(context);
  chain.push_back(sample.ip);
  for (const std::uint64_t address : sample.chain) {
    // What a user's stack holds may be anything, marks included.
    if (address >= PERF_CONTEXT_MAX) continue;
    const std::uint64_t own = is_kernel_address(address) ? PERF_CONTEXT_KERNEL : PERF_CONTEXT_USER;
    if (own != context) chain.push_back(context = own);
    chain.push_back(address);
  }
  return chain;
}

}  // namespace

RecordBytes sample_record(const Sample& sample, unsigned event, std::uint64_t period,
                          bool call_chain) {
  Builder builder(PERF_RECORD_SAMPLE, static_cast<std::uint16_t>(sample.mode));
  builder.u64(id_of_event(event))
      .u64(sample.ip)
      .ids({sample.pid, sample.tid})
      .u64(sample.time_ns)
      .u32(sample.cpu)
      .u32(0)
      .u64(period);
  if (call_chain) {
    const std::vector<std::uint64_t> chain = marked_chain(sample);
    builder.u64(chain.size());
    for (const std::uint64_t address : chain) builder.u64(address);
  }
  return builder.done();
}

RecordBytes lost_record(const LostSamples& lost) {
  const std::uint64_t id = id_of_event(lost.counter);
  return Builder(PERF_RECORD_LOST, 0)
      .u64(id)
      .u64(lost.lost)
      .sample_id({lost.pid, lost.tid}, lost.time_ns, id)
      .done();
}

RecordBytes missed_record(const LostSamples& lost) {
  return Builder(PERF_RECORD_LOST_SAMPLES, 0)
      .u64(lost.lost)
      .sample_id({lost.pid, lost.tid}, lost.time_ns, id_of_event(lost.counter))
      .done();
}

RecordBytes comm_record(ThreadIds ids, std::string_view comm, bool by_exec, std::uint64_t time_ns) {
  return Builder(PERF_RECORD_COMM, by_exec ? PERF_RECORD_MISC_COMM_EXEC : 0)
      .ids(ids)
      .text(comm.substr(0, 15))
      .sample_id(ids, time_ns)
      .done();
}

RecordBytes fork_record(ThreadIds ids, ThreadIds parent, std::uint64_t time_ns) {
  return task_record(PERF_RECORD_FORK, ids, parent, time_ns);
}

RecordBytes exit_record(ThreadIds ids, ThreadIds parent, std::uint64_t time_ns) {
  return task_record(PERF_RECORD_EXIT, ids, parent, time_ns);
}

RecordBytes mmap_record(ThreadIds ids, const Mapping& mapping, std::uint64_t time_ns) {
  return Builder(PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER)
      .ids(ids)
      .u64(mapping.start)
      .u64(mapping.length)
      .u64(mapping.offset)
      .u32(mapping.major)
      .u32(mapping.minor)
      .u64(mapping.inode)
      .u64(0)
      .u32(mapping.protection)
      .u32(mapping.flags)
      .text(mapping.path)
      .sample_id(ids, time_ns)
      .done();
}

RecordBytes kernel_mmap_record(std::uint64_t start, std::uint64_t length, std::uint64_t offset,
                               std::string_view name) {
  return Builder(PERF_RECORD_MMAP, PERF_RECORD_MISC_KERNEL)
      .ids({-1, 0})
      .u64(start)
      .u64(length)
      .u64(offset)
      .text(name)
      .sample_id({-1, 0}, 0)
      .done();
}

RecordBytes finished_round_record() {
  constexpr std::uint32_t kFinishedRound = 68;  // PERF_RECORD_FINISHED_ROUND of perf
  return Builder(kFinishedRound, 0).done();
}

bool adopt_record(RecordBytes& record, std::uint64_t* time_ns) {
  // sample_id() of the builder: thread, time, CPU, id.
  constexpr std::size_t kTail = 32;
  if (record.size() < sizeof(perf_event_header) + kTail) return false;
  std::memcpy(time_ns, record.data() + record.size() - kTail + 8, sizeof(*time_ns));
  const std::uint64_t id = kFirstId;
  std::memcpy(record.data() + record.size() - sizeof(id), &id, sizeof(id));
  return true;
}

}  // namespace perfctr::cli
