// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device_errors.hpp"

#include <public/perfctr.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace perfctr {
namespace {

std::string errno_text(int error) { return std::string(" (") + std::strerror(error) + ")"; }

Error make(Errc code, int error, std::string message, std::string remedy,
           std::string subject = {}) {
  return Error{.code = code,
               .sys_errno = error,
               .message = std::move(message),
               .remedy = std::move(remedy),
               .subject = std::move(subject)};
}

// The kernel named a field of one counter.
Error counter_error(int error, unsigned field, const std::string& name, unsigned place) {
  const std::string event = "event '" + name + "'";
  switch (field) {
    case XEN_PERFCTR_BAD_EVENT:
      return make(Errc::kReservedBits, error, event + " sets bits of the code that Xen refuses",
                  "use only the event select, unit mask, edge, inv and cmask bits", name);
    case XEN_PERFCTR_BAD_UNKNOWN:
      return make(Errc::kUnknownEvent, error, event + " is not in Xen's table for this CPU model",
                  "see 'perfctr list' for the events of this CPU", name);
    case XEN_PERFCTR_BAD_TIER:
      return make(Errc::kPolicy, error, event + " is outside what this domain's policy allows",
                  "ask the administrator of the host to raise the tier with xen-perfctr in dom0",
                  name);
    case XEN_PERFCTR_BAD_DOMAIN:
      return make(Errc::kBadDomain, error,
                  event + " asks for kernel or hypervisor counting, which is refused here",
                  "count user mode only (':u'), or have it granted: CAP_PERFMON in the guest, the "
                  "domain's policy in dom0",
                  name);
    case XEN_PERFCTR_BAD_MODE:
    case XEN_PERFCTR_BAD_PERIOD:
      return make(Errc::kUnsupported, error, event + " asks for sampling, which is refused here",
                  "count without a period", name);
    case XEN_PERFCTR_BAD_FIT:
      return make(Errc::kNoHardwareCounter, error,
                  "no hardware counter is left for " + event + ", number " +
                      std::to_string(place + 1) + " of the set",
                  "count fewer events at a time", name);
    default:
      return make(Errc::kSystem, error,
                  event + " was refused by the module (field " + std::to_string(field) + ")",
                  "check that library and module are of the same release: perfctr info", name);
  }
}

}  // namespace

Error device_open_error(int error, const char* path) {
  const std::string device = path;
  switch (error) {
    case ENOENT:
      return make(Errc::kNoDevice, error,
                  device + " does not exist: the perfctr module is not loaded",
                  "run 'modprobe perfctr' as root; if that fails, 'perfctr info' says why");
    case ENODEV:
    case ENXIO:
      return make(Errc::kNoDevice, error, device + " has no driver behind it",
                  "run 'modprobe perfctr' as root; if that fails, 'perfctr info' says why");
    case EACCES:
    case EPERM:
      return make(Errc::kNoPermission, error, "you may not open " + device,
                  "join its group ('adduser USER perfctr', then log in again) or run as root");
    default:
      return make(Errc::kSystem, error, "cannot open " + device + errno_text(error),
                  "run 'perfctr info'");
  }
}

Error device_configure_error(int error, const perfctr_config& config,
                             std::span<const Event> events) {
  const unsigned field = config.bad_field;
  const unsigned place = config.bad_counter;
  if (field >= XEN_PERFCTR_BAD_EVENT && place < events.size()) {
    return counter_error(error, field, events[place].name, place);
  }
  switch (error) {
    case ENODEV:
      return make(Errc::kDisabled, error, "perfctr is off for this domain",
                  "run 'xen-perfctr enable DOMAIN' in dom0; Xen itself needs perfctr=on on its "
                  "command line");
    case ENOSPC:
      if (field == XEN_PERFCTR_BAD_TABLE) {
        return make(Errc::kBusy, error, "this domain holds as many configurations as Xen allows",
                    "end other programs that count, see 'perfctr info'");
      }
      return make(
          Errc::kNoHardwareCounter, error,
          "the set's " + std::to_string(events.size()) + " events do not fit the hardware counters",
          "count fewer events at a time");
    case EACCES:
      return make(Errc::kNoPermission, error,
                  "kernel or hypervisor counting is refused by capability or policy",
                  "count user mode only (':u'), or run with CAP_PERFMON");
    case EPERM:
      return make(Errc::kNoPermission, error,
                  "thread " + std::to_string(config.pid) + " is not yours to count",
                  "trace it, or run with CAP_PERFMON");
    case EBUSY:
      return make(Errc::kBusy, error, "the thread is counted by another set already",
                  "end the other set first; one thread can be in one set at a time");
    case ESRCH:
      return make(Errc::kNoThread, error, "there is no thread " + std::to_string(config.pid),
                  "check the id with 'ps -eLf'");
    default:
      return make(
          Errc::kSystem, error,
          "the module refused the set" + errno_text(error) + ", field " + std::to_string(field),
          "check that library and module are of the same release: perfctr info");
  }
}

Error device_call_error(int error, const char* what) {
  const std::string message = std::string("cannot ") + what + errno_text(error);
  switch (error) {
    case ENODEV:
      return make(Errc::kDisabled, error, message + ": perfctr is off for this domain now",
                  "run 'xen-perfctr enable DOMAIN' in dom0");
    case ESRCH:
      return make(Errc::kNoThread, error, message + ": the thread has exited", "");
    case EACCES:
    case EPERM:
      return make(Errc::kRevoked, error, message + ": the domain's policy was withdrawn",
                  "ask the administrator of the host, then make a new set");
    default:
      return make(Errc::kSystem, error, message, "run 'perfctr info'");
  }
}

Error device_abi_error(unsigned device_abi) {
  return make(Errc::kAbi, 0,
              "the perfctr module speaks interface version " + std::to_string(device_abi) +
                  ", this library version " + std::to_string(PERFCTR_ABI_VERSION),
              "install module and library of the same release");
}

}  // namespace perfctr
