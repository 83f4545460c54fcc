// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "child_process.hpp"
#include "exec_tracer.hpp"
#include "perf_data_writer.hpp"
#include "proc_records.hpp"
#include "record_options.hpp"
#include "side_band.hpp"
#include "signals.hpp"

#include <perfctr/sampler.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace perfctr::cli {

struct RecordSummary {
  std::uint64_t samples = 0;
  std::uint64_t lost = 0;       // samples for which no buffer had room
  std::uint64_t missed = 0;     // overflows above the rate
  std::uint64_t throttled = 0;  // times that perf_event stopped sampling
  std::uint64_t size = 0;
  std::vector<std::uint64_t> periods;  // at the end, one per event; 0: not known
  std::vector<std::string> notes;      // what makes the samples incomplete
  int command_status = 0;
};

// One recording of `perfctr record`: a command, or running threads.
class RecordSession final {
 public:
  RecordSession(const RecordOptions& options, const std::vector<SampledEvent>& events,
                std::vector<std::string> command_line)
      : options_(options), events_(events), command_line_(std::move(command_line)) {}

  // Records until the end.  An error leaves nothing running and no file.
  [[nodiscard]] Result<RecordSummary> run();

 private:
  Result<void> start_command();
  Result<void> attach_all();
  Result<void> open_file();
  Result<void> watch_command();
  Result<void> watch_running(const std::vector<pid_t>& tids);
  Result<void> wait_for_end();
  void wait(int timeout_ms);
  void handle_signals();
  void drain();
  Result<void> flush();
  Result<RecordSummary> finish();
  [[nodiscard]] std::vector<std::uint64_t> periods() const;
  [[nodiscard]] unsigned buffer_pages(std::size_t nr_threads) const;
  [[nodiscard]] bool targets_alive() const;

  const RecordOptions& options_;
  const std::vector<SampledEvent>& events_;
  std::vector<std::string> command_line_;
  Signals signals_;
  std::vector<Sampler> samplers_;
  std::vector<int> watched_;  // descriptors of samplers that may still wake us
  std::optional<ChildProcess> child_;
  std::optional<PerfDataWriter> writer_;
  std::unique_ptr<ProcRecords> proc_;
  std::unique_ptr<SideBand> side_band_;
  std::unique_ptr<ExecTracer> tracer_;
  std::optional<Error> failure_;  // of a drain
  std::uint64_t flushed_ns_ = 0;
  bool interrupted_ = false;
};

}  // namespace perfctr::cli
