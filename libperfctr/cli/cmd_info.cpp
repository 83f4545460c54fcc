// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.hpp"

#include "backend.hpp"
#include "prerequisites.hpp"
#include "text_file.hpp"

#include <perfctr/perfctr.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string_view>

namespace perfctr::cli {

const char kInfoHelp[] = R"(Usage: perfctr info [-h]

Show what counting needs on this machine, from the device to free counters, and
for each thing that is missing what to do about it.  The exit status is 0 when
everything is there.

  -h, --help  this text

PERFCTR_BACKEND=device or perf_event chooses what to look at; by default the
device, in a Xen guest or where it exists, else perf_event.
)";

namespace {

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

void print(const Prerequisite& link) {
  const char* mark = link.status == Prerequisite::Status::kOk        ? "ok"
                     : link.status == Prerequisite::Status::kMissing ? "NO"
                                                                     : "? ";
  std::printf("  [%s] %-10s %s\n", mark, link.name.c_str(), link.text.c_str());
  if (!link.remedy.empty()) std::printf("       %-10s -> %s\n", "", link.remedy.c_str());
}

}  // namespace

int run_info(std::span<char* const> args) {
  for (const char* arg : args.subspan(1)) {
    if (std::string_view(arg) == "-h" || std::string_view(arg) == "--help") {
      std::fputs(kInfoHelp, stdout);
      return kExitOk;
    }
    return usage_error("info", std::string("there is no option or argument '") + arg + "'");
  }
  auto kind = choose_backend(BackendKind::kAuto);
  if (!kind) {
    complain(kind.error());
    return kExitFailed;
  }
  // In a Xen guest the device is what should be there.
  const bool chosen = ::getenv("PERFCTR_BACKEND") != nullptr;
  if (!chosen && first_line("/sys/hypervisor/type") == "xen") kind = BackendKind::kDevice;

  const bool device = *kind == BackendKind::kDevice;
  const Sight sight = look_at_machine(*kind);
  std::printf("perfctr %s on %s\n", version(), cpu_name().c_str());
  std::printf("Counting with %s:\n", device ? "/dev/perfctr" : "perf_event");
  bool complete = true;
  for (const Prerequisite& link : device ? device_chain(sight) : perf_chain(sight)) {
    print(link);
    complete = complete && link.status == Prerequisite::Status::kOk;
  }
  if (sight.info) {
    const perfctr_info& info = *sight.info;
    std::printf("%s guest, PMU version %u, TSC %u kHz, %llu threads counted now\n",
                (info.flags & PERFCTR_INFO_PV) != 0 ? "Paravirtualised" : "Hardware-virtualised",
                info.pmu_version, info.tsc_khz,
                static_cast<unsigned long long>(info.active_threads));
    std::printf("Hypercalls since the module was loaded: %llu for perfctr, %llu others\n",
                static_cast<unsigned long long>(info.hypercalls_perfctr),
                static_cast<unsigned long long>(info.hypercalls_other));
  }
  return complete ? kExitOk : kExitFailed;
}

}  // namespace perfctr::cli
