// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proc_records.hpp"

#include "attach.hpp"
#include "text_file.hpp"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

namespace perfctr::cli {

bool parse_mapping(std::string_view line, Mapping* mapping) {
  // "start-end rwxp offset major:minor inode      path".
  unsigned long start = 0, end = 0, offset = 0, inode = 0;
  unsigned major = 0, minor = 0;
  char rights[5] = {};
  int path = 0;
  const std::string text(line);
  if (std::sscanf(text.c_str(), "%lx-%lx %4s %lx %x:%x %lu %n", &start, &end, rights, &offset,
                  &major, &minor, &inode, &path) < 7 ||
      end <= start || rights[2] != 'x') {
    return false;
  }
  *mapping = Mapping{.start = start,
                     .length = end - start,
                     .offset = offset,
                     .major = major,
                     .minor = minor,
                     .inode = inode,
                     .path = text.substr(static_cast<std::size_t>(path))};
  mapping->protection = (rights[0] == 'r' ? PROT_READ : 0u) | (rights[1] == 'w' ? PROT_WRITE : 0u) |
                        static_cast<unsigned>(PROT_EXEC);
  mapping->flags = rights[3] == 's' ? MAP_SHARED : MAP_PRIVATE;
  // perf's name for memory without a file.
  if (mapping->path.empty()) mapping->path = "//anon";
  return true;
}

std::uint64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}

pid_t status_number(pid_t tid, std::string_view name) {
  std::ifstream status("/proc/" + std::to_string(tid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::atoi(line.c_str() + name.size());
  }
  return 0;
}

void ProcRecords::add_comm(ThreadIds ids, bool by_exec, std::uint64_t time_ns) {
  const std::string comm =
      first_line("/proc/" + std::to_string(ids.pid) + "/task/" + std::to_string(ids.tid) + "/comm");
  if (!comm.empty()) writer_.add(time_ns, comm_record(ids, comm, by_exec, time_ns));
}

void ProcRecords::add_process(pid_t pid) {
  const std::uint64_t now_ns = monotonic_ns();
  Process& process = processes_[pid];
  process.looked_ns = now_ns;
  add_comm({pid, pid}, false, now_ns);
  for (const pid_t tid : threads_of(pid)) {
    if (tid == pid) continue;
    writer_.add(now_ns, fork_record({pid, tid}, {pid, pid}, now_ns));
    add_comm({pid, tid}, false, now_ns);
  }
  add_new_mappings(pid, pid);
}

void ProcRecords::add_exec(pid_t pid) {
  Process& process = processes_[pid];
  process.known.clear();
  process.looked_ns = monotonic_ns();
  add_comm({pid, pid}, true, process.looked_ns);
  add_new_mappings(pid, pid);
}

void ProcRecords::add_fork(ThreadIds ids, ThreadIds parent) {
  const std::uint64_t now_ns = monotonic_ns();
  if (ids.pid != parent.pid) {
    // What the parent has by now, the child has too, and perf knows that.
    add_new_mappings(parent.pid, parent.tid);
    processes_[ids.pid] = {processes_[parent.pid].known, now_ns};
  }
  writer_.add(now_ns, fork_record(ids, parent, now_ns));
}

void ProcRecords::add_exit(ThreadIds ids) {
  const std::uint64_t now_ns = monotonic_ns();
  writer_.add(now_ns, exit_record(ids, {ids.pid, ids.pid}, now_ns));
}

void ProcRecords::add_new_mappings(pid_t pid, pid_t tid) {
  Process& process = processes_[pid];
  const std::uint64_t now_ns = monotonic_ns();
  if (process.looked_ns == 0) process.looked_ns = now_ns;
  std::ifstream maps("/proc/" + std::to_string(tid) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    Mapping mapping;
    if (!parse_mapping(line, &mapping)) continue;
    if (!process.known.insert(mapping).second) continue;
    writer_.add(process.looked_ns, mmap_record({pid, pid}, mapping, process.looked_ns));
  }
  process.looked_ns = now_ns;
}

void ProcRecords::add_new_mappings_of_all() {
  for (auto each = processes_.begin(); each != processes_.end();) {
    const pid_t pid = each->first;
    if (is_alive(pid)) {
      add_new_mappings(pid, pid);
      ++each;
    } else if (threads_of(pid).empty()) {
      each = processes_.erase(each);
    } else {
      ++each;
    }
  }
}

void ProcRecords::add_kernel() {
  // "ffffffff81000000 T _text"; zeros where kernel.kptr_restrict hides them.
  std::uint64_t begin = 0, end = 0;
  std::ifstream symbols("/proc/kallsyms");
  for (std::string line; (begin == 0 || end == 0) && std::getline(symbols, line);) {
    if (line.ends_with(" _text")) begin = std::strtoull(line.c_str(), nullptr, 16);
    if (line.ends_with(" _etext")) end = std::strtoull(line.c_str(), nullptr, 16);
  }
  if (begin == 0 || end <= begin) return;
  writer_.add(0, kernel_mmap_record(begin, end - begin, begin, "[kernel.kallsyms]_text"));
  std::ifstream modules("/proc/modules");
  for (std::string line; std::getline(modules, line);) {
    // "name size uses users state address".
    std::istringstream words(line);
    std::string name, uses, users, state, address;
    std::uint64_t size = 0;
    if (!(words >> name >> size >> uses >> users >> state >> address)) continue;
    const std::uint64_t start = std::strtoull(address.c_str(), nullptr, 16);
    if (start != 0) writer_.add(0, kernel_mmap_record(start, size, 0, "[" + name + "]"));
  }
}

}  // namespace perfctr::cli
