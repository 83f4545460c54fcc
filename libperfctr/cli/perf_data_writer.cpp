// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perf_data_writer.hpp"

#include "make_error.hpp"
#include "perf_features.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>

namespace perfctr::cli {
namespace {

struct Section {
  std::uint64_t offset;
  std::uint64_t size;
};

// struct perf_file_header of perf.
struct FileHeader {
  char magic[8];
  std::uint64_t size;
  std::uint64_t attr_size;
  Section attrs;
  Section data;
  Section event_types;
  std::uint64_t features[4];
};
static_assert(sizeof(FileHeader) == 104);

// struct perf_file_attr of perf, with an attribute that every perf of the last
// ten years knows.
struct FileAttr {
  std::array<std::byte, kFileAttrSize> attr;
  Section ids;
};
static_assert(sizeof(FileAttr) == kFileAttrSize + 16);

Error write_error(const std::string& path, int error) {
  return make_error(
      Errc::kSystem, error, "cannot write '" + path + "'" + errno_text(error),
      error == ENOSPC ? "make room, or write elsewhere with -o" : "write elsewhere with -o", path);
}

}  // namespace

perf_event_attr file_attribute(const SampledEvent& event, bool call_chain, bool inherit,
                               bool first) {
  perf_event_attr attr{};
  attr.size = kFileAttrSize;
  attr.type = event.software ? PERF_TYPE_SOFTWARE : PERF_TYPE_RAW;
  attr.config = event.event.code;
  attr.freq = event.rate.frequency != 0;
  attr.sample_period = attr.freq ? event.rate.frequency : event.rate.period;
  attr.sample_type = kSampleType | (call_chain ? PERF_SAMPLE_CALLCHAIN : 0);
  attr.inherit = inherit;
  attr.exclude_user = (event.event.domains & kDomainUser) == 0;
  attr.exclude_kernel = (event.event.domains & kDomainKernel) == 0;
  attr.exclude_hv = (event.event.domains & kDomainHypervisor) == 0;
  attr.sample_id_all = 1;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  attr.mmap = attr.mmap2 = attr.comm = attr.comm_exec = attr.task = first;
  return attr;
}

Result<PerfDataWriter> PerfDataWriter::create(const std::string& path, Description description) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    ::rename(path.c_str(), (path + ".old").c_str());
  }
  // What a program did is its user's business only.
  ScopedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.is_open()) return write_error(path, errno);
  PerfDataWriter writer(path, std::move(fd), std::move(description));
  if (auto begun = writer.write_begin(); !begun) return begun.error();
  return writer;
}

Result<void> PerfDataWriter::write_at(std::uint64_t position, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::pwrite(fd_.get(), at, size, static_cast<off_t>(position));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return write_error(path_, written < 0 ? errno : EIO);
    at += written;
    position += static_cast<std::uint64_t>(written);
    size -= static_cast<std::size_t>(written);
  }
  return {};
}

Result<void> PerfDataWriter::write(const void* data, std::size_t size) {
  auto written = write_at(position_, data, size);
  if (written) position_ += size;
  return written;
}

Result<void> PerfDataWriter::write_header(bool complete) {
  FileHeader header{};
  std::memcpy(header.magic, "PERFILE2", sizeof(header.magic));
  header.size = sizeof(header);
  header.attr_size = sizeof(FileAttr);
  header.attrs.offset = sizeof(header);
  header.attrs.size = description_.events.size() * sizeof(FileAttr);
  header.data = {data_begin_, data_end_ - data_begin_};
  if (complete) header.features[0] = kFeatureBits;
  return write_at(0, &header, sizeof(header));
}

Result<void> PerfDataWriter::write_begin() {
  // Header, attributes, their ids, records.
  const std::size_t nr = description_.events.size();
  const std::uint64_t ids_begin = sizeof(FileHeader) + nr * sizeof(FileAttr);
  position_ = sizeof(FileHeader);
  for (unsigned i = 0; i < nr; ++i) {
    const perf_event_attr attr = file_attribute(description_.events[i], description_.call_chain,
                                                description_.inherit, i == 0);
    FileAttr file_attr{};
    std::memcpy(file_attr.attr.data(), &attr, kFileAttrSize);
    file_attr.ids = {ids_begin + i * sizeof(std::uint64_t), sizeof(std::uint64_t)};
    if (auto written = write(&file_attr, sizeof(file_attr)); !written) return written;
  }
  for (unsigned i = 0; i < nr; ++i) {
    const std::uint64_t id = id_of_event(i);
    if (auto written = write(&id, sizeof(id)); !written) return written;
  }
  data_begin_ = data_end_ = position_;
  return write_header(false);
}

void PerfDataWriter::add(std::uint64_t time_ns, RecordBytes record) {
  pending_.push_back({time_ns, std::move(record)});
}

void PerfDataWriter::add_sample(const Sample& sample, const std::vector<std::uint64_t>& periods) {
  bool first = true;
  for (unsigned i = 0; i < description_.events.size(); ++i) {
    if ((sample.counters >> i & 1) == 0) continue;
    // The sample has the period of the lowest.
    const std::uint64_t period = first || i >= periods.size() ? sample.period : periods[i];
    add(sample.time_ns, sample_record(sample, i, period, description_.call_chain));
    ++samples_;
    first = false;
  }
  if (first) return;
  first_ns_ = first_ns_ == 0 ? sample.time_ns : std::min(first_ns_, sample.time_ns);
  last_ns_ = std::max(last_ns_, sample.time_ns);
}

void PerfDataWriter::add_lost(const LostSamples& lost) {
  if (lost.counter >= description_.events.size()) return;
  add(lost.time_ns, lost.why == LostReason::kBuffer ? lost_record(lost) : missed_record(lost));
}

Result<void> PerfDataWriter::flush(std::uint64_t until_ns) {
  // Records of the same time keep their order: a map comes before its samples.
  std::stable_sort(pending_.begin(), pending_.end(), [](const Pending& left, const Pending& right) {
    return left.time_ns < right.time_ns;
  });
  const auto end =
      std::upper_bound(pending_.begin(), pending_.end(), until_ns,
                       [](std::uint64_t time, const Pending& each) { return time < each.time_ns; });
  if (end == pending_.begin()) return {};
  RecordBytes bytes;
  for (auto each = pending_.begin(); each != end; ++each) {
    bytes.insert(bytes.end(), each->record.begin(), each->record.end());
  }
  const RecordBytes round = finished_round_record();
  bytes.insert(bytes.end(), round.begin(), round.end());
  pending_.erase(pending_.begin(), end);
  return write(bytes.data(), bytes.size());
}

Result<void> PerfDataWriter::write_features() {
  const std::vector<RecordBytes> features = feature_sections(description_, first_ns_, last_ns_);
  std::vector<Section> sections;
  std::uint64_t at = position_ + features.size() * sizeof(Section);
  for (const RecordBytes& feature : features) {
    sections.push_back({at, feature.size()});
    at += feature.size();
  }
  if (auto written = write(sections.data(), sections.size() * sizeof(Section)); !written) {
    return written;
  }
  for (const RecordBytes& feature : features) {
    if (auto written = write(feature.data(), feature.size()); !written) return written;
  }
  return {};
}

Result<void> PerfDataWriter::finish() {
  if (auto flushed = flush(~std::uint64_t{0}); !flushed) return flushed;
  data_end_ = position_;
  if (auto written = write_features(); !written) return written;
  return write_header(true);
}

}  // namespace perfctr::cli
