// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perf_errors.hpp"

#include "make_error.hpp"
#include "text_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace perfctr {
namespace {

Error no_pmu_error(int error, const PerfSurroundings& surroundings) {
  if (surroundings.is_xen) {
    return make_error(
        Errc::kNoPmu, error,
        "Linux has no hardware counters in this Xen guest, and there is no /dev/perfctr",
        "run 'modprobe perfctr' as root; 'perfctr info' says what is missing");
  }
  return make_error(
      Errc::kNoPmu, error,
      "Linux found no hardware counters on this machine, as is usual in virtual machines",
      "run on bare metal or in a Xen guest with the perfctr module; 'dmesg | grep -i "
      "\"performance events\"' shows what Linux found");
}

Error permission_error(int error, const Event& event, int tid,
                       const PerfSurroundings& surroundings) {
  const std::string setting =
      "kernel.perf_event_paranoid is " + std::to_string(surroundings.paranoid);
  if (surroundings.paranoid > 2) {
    return make_error(
        Errc::kNoPermission, error, setting + ", which denies counting to all but root",
        "run 'sysctl kernel.perf_event_paranoid=2' as root, or count as root", event.name);
  }
  if ((event.domains & kDomainKernel) != 0 && surroundings.paranoid > 1) {
    return make_error(
        Errc::kNoPermission, error, "event '" + event.name + "' counts the kernel, and " + setting,
        "count user mode only (':u'), or run 'sysctl kernel.perf_event_paranoid=1' as root",
        event.name);
  }
  if (tid != 0) {
    return make_error(Errc::kNoPermission, error,
                      "thread " + std::to_string(tid) + " is not yours to count",
                      "count your own threads, or run with CAP_PERFMON", event.name);
  }
  return make_error(Errc::kNoPermission, error, "the kernel denies counting to you, and " + setting,
                    "run with CAP_PERFMON; in a container, allow perf_event_open", event.name);
}

}  // namespace

PerfSurroundings look_around() {
  PerfSurroundings surroundings;
  surroundings.has_pmu = ::access("/sys/bus/event_source/devices/cpu", F_OK) == 0 ||
                         ::access("/sys/bus/event_source/devices/cpu_core", F_OK) == 0;
  surroundings.is_xen = first_line("/sys/hypervisor/type") == "xen";
  surroundings.paranoid = std::atoi(first_line("/proc/sys/kernel/perf_event_paranoid").c_str());
  surroundings.nmi_watchdog = first_line("/proc/sys/kernel/nmi_watchdog") == "1";
  return surroundings;
}

Error perf_open_error(int error, std::span<const Event> events, std::size_t place, int tid,
                      const PerfSurroundings& surroundings) {
  const Event& event = events[place];
  switch (error) {
    case ENOSYS:
      return make_error(Errc::kNoPmu, error, "this kernel has no perf_event_open",
                        "use a kernel with CONFIG_PERF_EVENTS");
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP:
      if (!surroundings.has_pmu) return no_pmu_error(error, surroundings);
      return make_error(Errc::kUnknownEvent, error,
                        "the kernel does not know event '" + event.name + "' on this CPU",
                        "see 'perfctr list'", event.name);
    case EACCES:
    case EPERM:
      return permission_error(error, event, tid, surroundings);
    case EINVAL:
      // The kernel tries the whole group on an empty PMU.
      if (place > 0) {
        return make_error(Errc::kNoHardwareCounter, error,
                          "no hardware counter is left for event '" + event.name + "', number " +
                              std::to_string(place + 1) + " of the set",
                          "count fewer events at a time", event.name);
      }
      return make_error(Errc::kReservedBits, error,
                        "the kernel refuses the code of event '" + event.name + "'",
                        "see 'perfctr list' for the events of this CPU", event.name);
    case ESRCH:
      return make_error(Errc::kNoThread, error, "there is no thread " + std::to_string(tid),
                        "check the id with 'ps -eLf'");
    case EMFILE:
      return make_error(Errc::kSystem, error, "too many files are open", "raise 'ulimit -n'");
    case EBUSY:
      return make_error(Errc::kBusy, error,
                        "another program owns the hardware counters exclusively", "end it first");
    default:
      return make_error(Errc::kSystem, error,
                        "perf_event_open failed for event '" + event.name + "'" + errno_text(error),
                        "run 'perfctr info'", event.name);
  }
}

Error perf_no_room_error(const PerfSurroundings& surroundings) {
  if (surroundings.nmi_watchdog) {
    return make_error(Errc::kBusy, 0,
                      "the set found no room on the PMU; the NMI watchdog holds a counter",
                      "run 'sysctl kernel.nmi_watchdog=0' as root, or count fewer events");
  }
  return make_error(Errc::kBusy, 0, "the set found no room on the PMU; another program counts",
                    "end the other program, or count fewer events");
}

}  // namespace perfctr
