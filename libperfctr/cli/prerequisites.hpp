// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What counting needs, as a chain: each link is of use only when those before it
// hold.  Looking at the machine is apart from judging what was seen, so that the
// judgement can be tested.
#pragma once

#include <perfctr/counter_set.hpp>
#include <perfctr/error.hpp>

#include "perf_errors.hpp"

#include <linux/perfctr.h>

#include <optional>
#include <string>
#include <vector>

namespace perfctr::cli {

struct Prerequisite {
  enum class Status { kOk, kMissing, kUnknown };
  Status status;
  std::string name;    // "module"
  std::string text;    // what was found, or what is missing and why
  std::string remedy;  // for what is missing
};

// What was seen of the machine.
struct Sight {
  bool device_exists = false;
  bool module_loaded = false;
  bool is_xen = false;
  std::string module_message;  // the module's last words in the kernel's log
  int open_errno = 0;          // of the device; 0 when it opened
  int info_errno = 0;          // of PERFCTR_IOC_INFO
  std::optional<perfctr_info> info;
  PerfSurroundings perf;
  int user_rdpmc = 1;           // /sys/bus/event_source/devices/cpu/rdpmc
  std::string cpu_model;        // libpfm4's name, "" when it knows none
  std::optional<Error> events;  // why the usual events cannot be named
  std::optional<Error> trial;   // why a set of one event does not count
};

[[nodiscard]] Sight look_at_machine(BackendKind kind);

[[nodiscard]] std::vector<Prerequisite> device_chain(const Sight& sight);
[[nodiscard]] std::vector<Prerequisite> perf_chain(const Sight& sight);

[[nodiscard]] const char* tier_name(unsigned tier);

}  // namespace perfctr::cli
