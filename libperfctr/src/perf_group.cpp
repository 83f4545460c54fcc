// SPDX-License-Identifier: LGPL-2.1-or-later
#include "perf_group.hpp"

#include "make_error.hpp"

#include <perfctr/event.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace perfctr {

bool read_perf_count(int fd, PerfCount& count) noexcept {
  ssize_t size;
  do {
    size = ::read(fd, &count, sizeof(count));
  } while (size < 0 && errno == EINTR);
  return size == sizeof(count);
}

void set_group_fields(perf_event_attr& attr, unsigned domains, bool leader, bool enable_on_exec) {
  attr.size = sizeof(attr);
  attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  attr.exclude_user = (domains & kDomainUser) == 0;
  attr.exclude_kernel = (domains & kDomainKernel) == 0;
  attr.exclude_hv = 1;
  attr.disabled = leader;
  attr.pinned = leader;
  attr.enable_on_exec = leader && enable_on_exec;
}

Error perf_call_error(int error, const char* what) {
  return make_error(Errc::kSystem, error, std::string("cannot ") + what + errno_text(error),
                    "run 'perfctr info'");
}

Result<void> call_perf_group(int leader, unsigned long request, const char* what) {
  if (::ioctl(leader, request, PERF_IOC_FLAG_GROUP) < 0) return perf_call_error(errno, what);
  return {};
}

}  // namespace perfctr
