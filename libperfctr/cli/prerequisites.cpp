// SPDX-License-Identifier: LGPL-2.1-or-later
#include "prerequisites.hpp"

#include "device_errors.hpp"
#include "device_file.hpp"
#include "pfm_events.hpp"
#include "text_file.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace perfctr::cli {
namespace {

// Builds a chain: after the first missing link the others are unknown, unless
// they can be seen by themselves.
class Chain final {
 public:
  void ok(const char* name, std::string text) {
    links_.push_back({Prerequisite::Status::kOk, name, std::move(text), {}});
  }
  void missing(const char* name, std::string text, std::string remedy) {
    links_.push_back({Prerequisite::Status::kMissing, name, std::move(text), std::move(remedy)});
    broken_ = true;
  }
  void unknown(const char* name, std::string text) {
    links_.push_back({Prerequisite::Status::kUnknown, name, std::move(text), {}});
  }
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  [[nodiscard]] std::vector<Prerequisite> take() { return std::move(links_); }

 private:
  std::vector<Prerequisite> links_;
  bool broken_ = false;
};

void add_events(Chain& chain, const Sight& sight) {
  if (sight.events) {
    chain.missing("events", sight.events->message, sight.events->remedy);
  } else if (sight.cpu_model.empty()) {
    chain.ok("events", "the generic names and raw codes; libpfm4 has no table for this CPU");
  } else {
    chain.ok("events", "the names of '" + sight.cpu_model + "', see 'perfctr list'");
  }
}

void add_trial(Chain& chain, const Sight& sight) {
  if (sight.trial) {
    chain.missing("counters", sight.trial->message, sight.trial->remedy);
  } else {
    chain.ok("counters", "free: a set of one event counts");
  }
}

// The module's last message that says why it refused to load, without its prefix.
std::string module_message() {
  const int fd = ::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return {};
  std::string found;
  char record[8192];
  for (;;) {
    const ssize_t size = ::read(fd, record, sizeof(record) - 1);
    if (size < 0 && errno == EPIPE) continue;  // overwritten meanwhile
    if (size <= 0) break;
    const std::string text(record, static_cast<std::size_t>(size));
    const auto begin = text.find(";perfctr: ");
    if (begin != std::string::npos)
      found = text.substr(begin + 10, text.find('\n', begin) - begin - 10);
  }
  ::close(fd);
  return found;
}

// Whether the module refused to load with these words.
bool said(const Sight& sight, std::string_view words) {
  return sight.module_message.find(words) != std::string::npos;
}

std::string allowed_modes(unsigned flags) {
  std::string text = "user mode";
  if ((flags & PERFCTR_INFO_KERNEL) != 0) text += ", kernel";
  if ((flags & PERFCTR_INFO_HYP) != 0) text += ", hypervisor";
  return text;
}

}  // namespace

const char* tier_name(unsigned tier) {
  constexpr const char* kNames[] = {"off", "ipc", "arch", "full"};
  return tier < 4 ? kNames[tier] : "unknown";
}

Sight look_at_machine(BackendKind kind) {
  Sight sight;
  sight.device_exists = ::access(kDevicePath, F_OK) == 0;
  sight.module_loaded = ::access("/sys/module/perfctr", F_OK) == 0;
  sight.perf = look_around();
  sight.is_xen = sight.perf.is_xen;
  if (!sight.module_loaded) sight.module_message = module_message();
  const std::string rdpmc = first_line("/sys/bus/event_source/devices/cpu/rdpmc");
  if (!rdpmc.empty()) sight.user_rdpmc = std::atoi(rdpmc.c_str());

  const int fd = ::open(kDevicePath, O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    sight.open_errno = errno;
  } else {
    perfctr_info info{};
    info.size = sizeof(info);
    if (::ioctl(fd, PERFCTR_IOC_INFO, &info) == 0) {
      sight.info = info;
    } else {
      sight.info_errno = errno;
    }
    ::close(fd);
  }

  sight.cpu_model = pfm_core_pmu();
  if (const auto events = parse_events("instructions,cycles,branches"); !events) {
    sight.events = events.error();
  }
  auto set = CounterSet::open("instructions:u", {.backend = kind});
  if (!set) {
    sight.trial = set.error();
  } else if (auto started = set->start(); !started) {
    sight.trial = started.error();
  } else if (const auto values = set->snapshot(); !values) {
    sight.trial = values.error();
  }
  return sight;
}

std::vector<Prerequisite> device_chain(const Sight& sight) {
  Chain chain;
  if (sight.device_exists) {
    chain.ok("device", std::string(kDevicePath) + " exists");
  } else {
    chain.missing("device", std::string(kDevicePath) + " does not exist",
                  "load the module, see below");
  }
  if (sight.module_loaded) {
    chain.ok("module", "perfctr is loaded");
  } else if (sight.module_message.empty()) {
    chain.missing("module", "the perfctr module is not loaded", "run 'modprobe perfctr' as root");
  } else {
    chain.missing("module",
                  "the perfctr module did not stay loaded; it said: " + sight.module_message,
                  "do what it says, then run 'modprobe perfctr' as root");
  }
  if (sight.is_xen || sight.info) {
    chain.ok("Xen", "this is a Xen guest");
  } else {
    chain.missing("Xen", "this is not a Xen guest",
                  "on bare metal count with perf_event: PERFCTR_BACKEND=perf_event");
  }

  const bool said_off = said(sight, "perfctr is off") || sight.info_errno == ENODEV ||
                        (sight.info && sight.info->tier == 0);
  if (sight.info && sight.info->abi != PERFCTR_ABI_VERSION) {
    const Error error = device_abi_error(sight.info->abi);
    chain.missing("patch", error.message, error.remedy);
  } else if (sight.info && sight.info->hv_abi != 0) {
    chain.ok("patch", "Xen has perfctr, interface version " + std::to_string(sight.info->hv_abi));
  } else if (sight.info || said(sight, "no perfctr patch")) {
    chain.missing("patch", "Xen does not know perfctr: it was built without the patch set",
                  "install Xen with the perfctr patch set on the host");
  } else if (said(sight, "perfctr is off")) {
    chain.ok("patch", "Xen has perfctr");
  } else {
    chain.unknown("patch", "whether Xen has the patch set shows once the module is loaded");
  }
  if (said_off) {
    chain.missing(
        "perfctr=", "perfctr is switched off, for Xen or for this domain",
        "boot Xen with perfctr=on (and without vpmu=), and run 'xen-perfctr enable DOMAIN' "
        "in dom0");
  } else if (sight.info && sight.info->hv_abi != 0) {
    chain.ok("perfctr=", "on: " + std::to_string(sight.info->nr_gp) + " general and " +
                             std::to_string(sight.info->nr_fixed) + " fixed counters of " +
                             std::to_string(sight.info->width) + " bits");
  } else {
    chain.unknown("perfctr=",
                  "whether Xen's option perfctr= is on shows once the module is loaded");
  }
  if (sight.info && sight.info->tier != 0) {
    chain.ok("policy", std::string("tier ") + tier_name(sight.info->tier) +
                           "; modes: " + allowed_modes(sight.info->flags));
  } else {
    chain.unknown("policy", "what this domain may count shows once perfctr is on");
  }
  if (!sight.device_exists) {
    chain.unknown("permission", "shows once the device exists");
  } else if (sight.open_errno == 0) {
    chain.ok("permission", std::string("you may open ") + kDevicePath);
  } else {
    const Error error = device_open_error(sight.open_errno, kDevicePath);
    chain.missing("permission", error.message, error.remedy);
  }
  const bool usable = !chain.broken();
  add_events(chain, sight);
  if (usable) {
    add_trial(chain, sight);
  } else {
    chain.unknown("counters", "whether they are free shows once the above holds");
  }
  return chain.take();
}

std::vector<Prerequisite> perf_chain(const Sight& sight) {
  Chain chain;
  if (sight.perf.has_pmu) {
    chain.ok("PMU", "Linux counts with this CPU's hardware counters");
  } else {
    chain.missing("PMU", "Linux found no hardware counters, as is usual in virtual machines",
                  sight.is_xen ? "load the perfctr module: 'modprobe perfctr' as root"
                               : "run on bare metal, or in a Xen guest with the perfctr module");
  }
  const std::string setting =
      "kernel.perf_event_paranoid is " + std::to_string(sight.perf.paranoid);
  if (sight.perf.paranoid > 2 && ::geteuid() != 0) {
    chain.missing("permission", setting + ", which denies counting to all but root",
                  "run 'sysctl kernel.perf_event_paranoid=2' as root");
  } else {
    chain.ok("permission", setting);
  }
  if (sight.user_rdpmc != 0) {
    chain.ok("rdpmc", "user mode may read the counters");
  } else {
    chain.missing("rdpmc", "user mode may not read the counters; every read is a system call",
                  "run 'echo 1 > /sys/bus/event_source/devices/cpu/rdpmc' as root");
  }
  add_events(chain, sight);
  if (!sight.perf.has_pmu) {
    chain.unknown("counters", "whether they are free shows once there is a PMU");
  } else {
    add_trial(chain, sight);
  }
  return chain.take();
}

}  // namespace perfctr::cli
