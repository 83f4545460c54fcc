// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cpu_list.hpp"

#include "text_file.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace perfctr {

std::vector<int> online_cpus() {
  // "0-3,8,10-11".
  std::vector<int> cpus;
  const std::string list = first_line("/sys/devices/system/cpu/online");
  const char* at = list.c_str();
  while (*at >= '0' && *at <= '9') {
    char* end = nullptr;
    const long first = std::strtol(at, &end, 10);
    const long last = *end == '-' ? std::strtol(end + 1, &end, 10) : first;
    for (long cpu = first; cpu <= last && cpus.size() < 65536; ++cpu) {
      cpus.push_back(static_cast<int>(cpu));
    }
    at = *end == ',' ? end + 1 : end;
  }
  const long nr = ::sysconf(_SC_NPROCESSORS_ONLN);
  for (int cpu = 0; cpus.empty() && cpu < nr; ++cpu) cpus.push_back(cpu);
  return cpus;
}

}  // namespace perfctr
