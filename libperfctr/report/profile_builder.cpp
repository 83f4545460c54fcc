// SPDX-License-Identifier: LGPL-2.1-or-later
#include "profile_builder.hpp"

#include "dso_names.hpp"
#include "file_error.hpp"
#include "perf_format.hpp"

#include <algorithm>
#include <cinttypes>
#include <iterator>

namespace perfctr::report {
namespace {

// Deeper chains lose their outermost callers; Linux records 127 by default.
constexpr std::size_t kDeepest = 1024;

// A record's place, by its time.
struct Place {
  std::uint64_t time = 0, offset = 0;
};

// Linux writes each CPU's records in order, and those of several CPUs one after
// the other.  Perf sorts between its FINISHED_ROUND marks; sorting all at once needs
// 16 bytes per record and no trust in the marks.  Records without a time are of
// perf's making and tell what was so before: they come first.
Result<std::vector<Place>> in_order(const PerfData& data, const RecordDecoder& decoder,
                                    std::vector<std::string>& damage) {
  std::vector<Place> places;
  RecordCursor cursor(data.records, data.records_offset);
  while (const auto record = cursor.next()) {
    if (record->type == kRecordCompressed) {
      return bad_file(print("the records at offset %" PRIu64
                            " are compressed ('perf record -z'), which is not supported",
                            data.records_offset + record->offset),
                      "record without -z, or use 'perf report'");
    }
    if (record->type < kFirstOwnRecord)
      places.push_back({decoder.time_of(*record), record->offset});
  }
  if (!cursor.damage().empty()) damage.push_back(cursor.damage());
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.time < b.time; });
  return places;
}

class Builder final {
 public:
  Builder(const PerfData& data, Symbolizer symbolizer)
      : data_(data), symbolizer_(std::move(symbolizer)), tasks_(profile_.strings) {
    for (const EventAttr& event : data.events) {
      EventProfile& out = profile_.events.emplace_back();
      out.name = event.name;
      out.call_chains = event.has(PERF_SAMPLE_CALLCHAIN);
    }
    for (const BuildId& id : data.build_ids) symbolizer_.expect(id);
    profile_.hostname = data.hostname;
    profile_.command = data.command;
    profile_.damage = data.damage;
  }

  Result<void> run() {
    const auto decoder = RecordDecoder::create(data_);
    if (!decoder) return decoder.error();
    const auto places = in_order(data_, *decoder, profile_.damage);
    if (!places) return places.error();
    for (const Place& place : *places) {
      offset_ = place.offset;
      std::visit([this](const auto& record) { apply(record); },
                 decoder->decode(record_at(data_.records, place.offset)));
    }
    finish();
    return {};
  }
  Profile take() { return std::move(profile_); }

 private:
  void apply(const Other&) {}
  void apply(const Damaged& damaged) { damaged_record(damaged.what); }
  void apply(const Comm& comm) { tasks_.apply(comm); }
  void apply(const Fork& fork) { tasks_.apply(fork); }
  void apply(const Lost& lost) { profile_.lost = saturating_sum(profile_.lost, lost.count); }
  void apply(const Throttled&) { ++throttled_; }
  void apply(const Mmap& map) {
    if (!map.build_id.empty())
      symbolizer_.expect({std::string(map.path), {map.build_id.begin(), map.build_id.end()}});
    // "[kernel.kallsyms]_text" says where _text was.
    if (map.mode == Mode::kKernel && map.path.starts_with(kKernelDso))
      symbolizer_.expect_kernel(map.path.substr(std::string_view(kKernelDso).size()),
                                map.file_offset);
    if (!tasks_.apply(map)) damaged_record("a mapping without a size, or beyond all addresses");
  }

  void apply(const Sample& sample) {
    EventProfile& event = profile_.events[sample.event];
    collect_frames(sample);
    std::uint32_t node = event.tree.child(CallTree::kRoot, tasks_.name_of(sample.pid, sample.tid));
    for (std::size_t i = frames_.size(); i-- > 0;) node = event.tree.child(node, frames_[i]);
    const Weight weight{1, sample.period};
    event.tree.add(node, weight);
    event.total += weight;
  }

  // Innermost first.  The sample's own address leads; the chain repeats it, or has
  // one that is a little later because it was taken by the interrupt.
  void collect_frames(const Sample& sample) {
    frames_.clear();
    const auto add = [&](Mode mode, std::uint64_t address) {
      frames_.push_back(symbolizer_.resolve(mode, sample.pid, address, tasks_, profile_));
    };
    add(sample.mode, sample.ip);
    Mode mode = sample.mode;
    bool exact = true;  // else a return address, which may be behind its function
    bool first = true;
    for (std::size_t i = 0; i < sample.chain.size(); ++i) {
      const std::uint64_t address = sample.chain[i];
      if (address >= static_cast<std::uint64_t>(PERF_CONTEXT_MAX)) {
        mode = mode_of_marker(address).value_or(mode);
        exact = true;
        continue;
      }
      const bool own = first && exact && mode == sample.mode;
      first = false;
      if (!own) {
        if (frames_.size() == kDeepest) {
          ++cut_chains_;
          return;
        }
        add(mode, exact || address == 0 ? address : address - 1);
      }
      exact = false;
    }
  }

  static std::optional<Mode> mode_of_marker(std::uint64_t marker) {
    switch (marker) {
      case static_cast<std::uint64_t>(PERF_CONTEXT_HV):
        return Mode::kHypervisor;
      case static_cast<std::uint64_t>(PERF_CONTEXT_KERNEL):
        return Mode::kKernel;
      case static_cast<std::uint64_t>(PERF_CONTEXT_USER):
        return Mode::kUser;
      case static_cast<std::uint64_t>(PERF_CONTEXT_GUEST_KERNEL):
        return Mode::kGuestKernel;
      case static_cast<std::uint64_t>(PERF_CONTEXT_GUEST):
      case static_cast<std::uint64_t>(PERF_CONTEXT_GUEST_USER):
        return Mode::kGuestUser;
      default:
        return std::nullopt;
    }
  }

  void damaged_record(const char* what) {
    if (damaged_records_++ > 0) return;
    first_damage_ = print("at offset %" PRIu64 " is %s", data_.records_offset + offset_, what);
  }

  void finish() {
    if (damaged_records_ > 0) {
      profile_.damage.push_back(print("%" PRIu64 " records are damaged and left out; the first: %s",
                                      damaged_records_, first_damage_.c_str()));
    }
    if (throttled_ > 0) {
      profile_.notes.push_back(
          print("the kernel throttled sampling %" PRIu64
                " times: what ran then has too few samples; record with a longer period",
                throttled_));
    }
    if (cut_chains_ > 0) {
      profile_.notes.push_back(
          print("%" PRIu64 " call chains are cut off at %zu frames", cut_chains_, kDeepest));
    }
    for (const EventAttr& event : data_.events) {
      if (!event.has(PERF_SAMPLE_STACK_USER)) continue;
      profile_.notes.emplace_back(
          "stacks recorded with --call-graph dwarf are not unwound: user code has no callers; "
          "use 'perf report' for them");
      break;
    }
    const auto& files = symbolizer_.notes();
    profile_.notes.insert(profile_.notes.end(), files.begin(), files.end());
  }

  const PerfData& data_;
  Profile profile_;
  Symbolizer symbolizer_;
  Tasks tasks_;
  std::vector<std::uint32_t> frames_;
  std::uint64_t offset_ = 0;
  std::uint64_t damaged_records_ = 0, throttled_ = 0, cut_chains_ = 0;
  std::string first_damage_;
};

}  // namespace

Result<Profile> build_profile(Bytes file, const SymbolOptions& options) {
  const auto data = open_perf_data(file);
  if (!data) return data.error();
  auto symbolizer = Symbolizer::create(options);
  if (!symbolizer) return std::move(symbolizer).error();
  Builder builder(*data, std::move(*symbolizer));
  if (auto done = builder.run(); !done) return std::move(done).error();
  return builder.take();
}

}  // namespace perfctr::report
