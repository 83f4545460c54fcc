// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "perf_records.hpp"

#include "scoped_fd.hpp"

#include <perfctr/result.hpp>
#include <perfctr/sampler.hpp>

#include <linux/perf_event.h>

#include <cstdint>
#include <string>
#include <vector>

namespace perfctr::cli {

// Writes a perf.data file, as perf's tools/perf/Documentation/perf.data-file-
// format.txt describes it: header, attributes, records in the order of their
// times, features.
class PerfDataWriter final {
 public:
  struct Description {
    std::vector<SampledEvent> events;
    std::vector<std::string> command_line;  // of this recording
    bool call_chain = false;
    bool inherit = true;
  };

  // Keeps an older file as PATH.old, like perf.
  [[nodiscard]] static Result<PerfDataWriter> create(const std::string& path,
                                                     Description description);

  // Takes a record that belongs at a time.
  void add(std::uint64_t time_ns, RecordBytes record);
  // A record for each event that overflowed; `periods` has one per event.
  void add_sample(const Sample& sample, const std::vector<std::uint64_t>& periods);
  void add_lost(const LostSamples& lost);

  // Writes the records up to a time; earlier ones may not be added any more.
  Result<void> flush(std::uint64_t until_ns);
  // Writes the rest, and makes the file whole.
  Result<void> finish();

  [[nodiscard]] std::uint64_t samples() const noexcept { return samples_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return position_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  struct Pending {
    std::uint64_t time_ns;
    RecordBytes record;
  };
  PerfDataWriter(std::string path, ScopedFd fd, Description description)
      : path_(std::move(path)), fd_(std::move(fd)), description_(std::move(description)) {}
  Result<void> write_begin();
  Result<void> write_header(bool complete);
  Result<void> write_features();
  Result<void> write(const void* data, std::size_t size);
  Result<void> write_at(std::uint64_t position, const void* data, std::size_t size);

  std::string path_;
  ScopedFd fd_;
  Description description_;
  std::vector<Pending> pending_;
  std::uint64_t position_ = 0;
  std::uint64_t data_begin_ = 0;
  std::uint64_t data_end_ = 0;
  std::uint64_t samples_ = 0;
  std::uint64_t first_ns_ = 0, last_ns_ = 0;
};

// The attribute of an event in the file.
[[nodiscard]] perf_event_attr file_attribute(const SampledEvent& event, bool call_chain,
                                             bool inherit, bool first);

}  // namespace perfctr::cli
