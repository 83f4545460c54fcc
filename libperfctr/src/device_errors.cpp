// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device_errors.hpp"

#include "make_error.hpp"

#include <public/perfctr.h>

#include <cerrno>
#include <string>

namespace perfctr {
namespace {

// The kernel named a field of one counter.
Error counter_error(int error, unsigned field, const perfctr_config& config,
                    const std::string& name, std::uint64_t min_period) {
  const unsigned place = config.bad_counter;
  const std::string event = "event '" + name + "'";
  switch (field) {
    case XEN_PERFCTR_BAD_EVENT:
      return make_error(Errc::kReservedBits, error,
                        event + " sets bits of the code that Xen refuses",
                        "use only the event select, unit mask, edge, inv and cmask bits", name);
    case XEN_PERFCTR_BAD_UNKNOWN:
      return make_error(Errc::kUnknownEvent, error,
                        event + " is not in Xen's table for this CPU model",
                        "see 'perfctr list' for the events of this CPU", name);
    case XEN_PERFCTR_BAD_TIER:
      return make_error(
          Errc::kPolicy, error, event + " is outside what this domain's policy allows",
          "ask the administrator of the host to raise the tier with xen-perfctr in dom0", name);
    case XEN_PERFCTR_BAD_ALLOW:
      return make_error(Errc::kPolicy, error,
                        event + " is not in the list of events that this domain may count",
                        "ask the administrator of the host to add it: xen-perfctr policy --allow",
                        name);
    case XEN_PERFCTR_BAD_BUDGET:
      return make_error(Errc::kNoHardwareCounter, error,
                        "this domain may use " + std::to_string(place) +
                            " counters at a time, and " + event + " is number " +
                            std::to_string(place + 1) + " of the set",
                        "count fewer events at a time, or ask the administrator of the host for "
                        "more counters: xen-perfctr policy --counters",
                        name);
    case XEN_PERFCTR_BAD_DOMAIN:
      return make_error(
          Errc::kBadDomain, error,
          event + " asks for kernel or hypervisor counting, which is refused here",
          "count user mode only (':u'), or have it granted: CAP_PERFMON in the guest, the "
          "domain's policy in dom0",
          name);
    case XEN_PERFCTR_BAD_PERIOD:
      return make_error(Errc::kBadPeriod, error,
                        event + " asks for a sample every " +
                            std::to_string(config.counter[place].period) + " events; here " +
                            std::to_string(min_period) + " to 2^46 are allowed",
                        "ask for a longer period, such as '@" +
                            std::to_string(std::max<std::uint64_t>(min_period, 100000)) +
                            "', or have the domain's least one lowered with xen-perfctr in dom0",
                        name);
    case XEN_PERFCTR_BAD_MODE:
      return make_error(Errc::kUnsupported, error,
                        event + " asks for sampling, which is refused here",
                        "count without a period", name);
    case XEN_PERFCTR_BAD_FIT:
      return make_error(Errc::kNoHardwareCounter, error,
                        "no hardware counter is left for " + event + ", number " +
                            std::to_string(place + 1) + " of the set",
                        "count fewer events at a time", name);
    default:
      return make_error(Errc::kSystem, error,
                        event + " was refused by the module (field " + std::to_string(field) + ")",
                        "check that library and module are of the same release: perfctr info",
                        name);
  }
}

}  // namespace

Error device_open_error(int error, const char* path) {
  const std::string device = path;
  switch (error) {
    case ENOENT:
      return make_error(Errc::kNoDevice, error,
                        device + " does not exist: the perfctr module is not loaded",
                        "run 'modprobe perfctr' as root; if that fails, 'perfctr info' says why");
    case ENODEV:
    case ENXIO:
      return make_error(Errc::kNoDevice, error, device + " has no driver behind it",
                        "run 'modprobe perfctr' as root; if that fails, 'perfctr info' says why");
    case EACCES:
    case EPERM:
      return make_error(
          Errc::kNoPermission, error, "you may not open " + device,
          "join its group ('adduser USER perfctr', then log in again) or run as root");
    default:
      return make_error(Errc::kSystem, error, "cannot open " + device + errno_text(error),
                        "run 'perfctr info'");
  }
}

Error device_configure_error(int error, const perfctr_config& config, std::span<const Event> events,
                             std::uint64_t min_period) {
  const unsigned field = config.bad_field;
  const unsigned place = config.bad_counter;
  if (field >= XEN_PERFCTR_BAD_EVENT && place < events.size()) {
    return counter_error(error, field, config, events[place].name, min_period);
  }
  switch (error) {
    case ENODEV:
      return make_error(
          Errc::kDisabled, error, "perfctr is off for this domain",
          "run 'xen-perfctr enable DOMAIN' in dom0; Xen itself needs perfctr=on on its "
          "command line");
    case ENOSPC:
      if (field == XEN_PERFCTR_BAD_TABLE) {
        return make_error(Errc::kBusy, error,
                          "this domain holds as many configurations as Xen allows",
                          "end other programs that count, see 'perfctr info'");
      }
      return make_error(
          Errc::kNoHardwareCounter, error,
          "the set's " + std::to_string(events.size()) + " events do not fit the hardware counters",
          "count fewer events at a time");
    case EACCES:
      return make_error(Errc::kNoPermission, error,
                        "kernel or hypervisor counting is refused by capability or policy",
                        "count user mode only (':u'), or run with CAP_PERFMON");
    case EPERM:
      return make_error(Errc::kNoPermission, error,
                        "thread " + std::to_string(config.pid) + " is not yours to count",
                        "trace it, or run with CAP_PERFMON");
    case EAGAIN:
      return make_error(
          Errc::kBusy, error,
          "you have as many threads counted, or different event sets in use, as one user may",
          "end other programs that count; root can raise max_threads_per_user and "
          "max_configs_per_user in /sys/module/perfctr/parameters");
    case EOPNOTSUPP:
      return make_error(Errc::kUnsupported, error, "the perfctr module or Xen does not sample",
                        "install module, library and Xen patches of the same release");
    case EBUSY:
      return make_error(Errc::kBusy, error, "the thread is counted by another set already",
                        "end the other set first; one thread can be in one set at a time");
    case ESRCH:
      return make_error(Errc::kNoThread, error, "there is no thread " + std::to_string(config.pid),
                        "check the id with 'ps -eLf'");
    default:
      return make_error(
          Errc::kSystem, error,
          "the module refused the set" + errno_text(error) + ", field " + std::to_string(field),
          "check that library and module are of the same release: perfctr info");
  }
}

Error device_call_error(int error, const char* what) {
  const std::string message = std::string("cannot ") + what + errno_text(error);
  switch (error) {
    case ENODEV:
      return make_error(Errc::kDisabled, error, message + ": perfctr is off for this domain now",
                        "run 'xen-perfctr enable DOMAIN' in dom0");
    case ESRCH:
      return make_error(Errc::kNoThread, error, message + ": the thread has exited", "");
    case EACCES:
    case EPERM:
      return make_error(Errc::kRevoked, error, message + ": the domain's policy was withdrawn",
                        "ask the administrator of the host, then make a new set");
    default:
      return make_error(Errc::kSystem, error, message, "run 'perfctr info'");
  }
}

Error device_no_sampling_error() {
  return make_error(Errc::kUnsupported, 0,
                    "the perfctr module says that sampling is not supported here",
                    "install module and Xen patches of this release; count with 'perfctr stat'");
}

Error device_software_event_error(const std::string& name) {
  return make_error(Errc::kNotCountable, 0,
                    "event '" + name + "' is of the kernel's software, not of the hardware",
                    "sample cycles instead, or set PERFCTR_BACKEND=perf_event", name);
}

Error device_buffer_error(int error) {
  return make_error(Errc::kSystem, error, "cannot map the sample buffer" + errno_text(error),
                    "ask for a smaller buffer, or raise 'ulimit -l'");
}

Error device_abi_error(unsigned device_abi) {
  return make_error(Errc::kAbi, 0,
                    "the perfctr module speaks interface version " + std::to_string(device_abi) +
                        ", this library version " + std::to_string(PERFCTR_ABI_VERSION),
                    "install module and library of the same release");
}

}  // namespace perfctr
