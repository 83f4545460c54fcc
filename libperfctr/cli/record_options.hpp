// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/result.hpp>
#include <perfctr/sampler.hpp>

#include <span>
#include <string>
#include <vector>

namespace perfctr::cli {

// Where the records of names, maps, forks and exits come from.
enum class SideBandSource {
  kAuto,    // the kernel where it permits, else /proc and ptrace
  kKernel,  // perf_event's dummy event
  kTrace,   // /proc and ptrace
};

// The command line of `perfctr record`.  Letters and meanings are those of perf.
struct RecordOptions {
  std::string events;                     // -e, several joined by commas; "" for the default
  SampleRate rate = kDefaultRate;         // -c or -F
  bool call_chain = false;                // -g
  std::string output_path = "perf.data";  // -o
  bool inherit = true;                    // -i turns it off
  std::vector<int> pids;                  // -p
  std::vector<int> tids;                  // -t
  unsigned buffer_pages = 0;              // -m
  SideBandSource side_band = SideBandSource::kAuto;  // --side-band
  bool quiet = false;                                // -q
  int verbosity = 0;                                 // -v
  bool help = false;                                 // -h
  std::vector<std::string> command;

  [[nodiscard]] bool attaches() const { return !pids.empty() || !tids.empty(); }
};

// args[0] is the verb.  Errors are about the command line.
[[nodiscard]] Result<RecordOptions> parse_record_options(std::span<char* const> args);

}  // namespace perfctr::cli
