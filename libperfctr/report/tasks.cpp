// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tasks.hpp"

#include "dso_names.hpp"

namespace perfctr::report {

void Tasks::apply(const Comm& comm) {
  names_[comm.tid] = strings_.number(comm.name);
  if (comm.exec) maps_.erase(comm.pid);
}

void Tasks::apply(const Fork& fork) {
  const auto parent = names_.find(fork.parent_tid);
  if (parent != names_.end()) {
    names_[fork.tid] = parent->second;
  } else {
    names_.erase(fork.tid);
  }
  if (fork.pid == fork.parent_pid) return;
  // A number that was in use before has nothing to do with the new process.
  maps_.erase(fork.pid);
  if (!fork.same_maps) return;
  const auto maps = maps_.find(fork.parent_pid);
  if (maps != maps_.end()) maps_.emplace(fork.pid, AddressSpace(maps->second));
}

std::string Tasks::kernel_dso(std::string_view path) {
  if (path.starts_with(kKernelDso)) return kKernelDso;
  if (path.starts_with("[guest.kernel.kallsyms")) return kGuestKernelDso;
  // A module: "/lib/modules/.../nf-tables.ko.xz" is "[nf_tables]".
  if (!path.starts_with('/')) return std::string(path);
  std::string name(path.substr(path.rfind('/') + 1));
  const auto suffix = name.find(".ko");
  if (suffix == std::string::npos) return std::string(path);
  name.erase(suffix);
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return '[' + name + ']';
}

bool Tasks::apply(const Mmap& map) {
  if (map.size == 0 || map.start + map.size < map.start) return false;
  const bool kernel = map.mode == Mode::kKernel || map.mode == Mode::kGuestKernel;
  const std::uint32_t dso =
      kernel ? strings_.number(kernel_dso(map.path)) : strings_.number(map.path);
  (kernel ? kernel_ : maps_[map.pid]).map({map.start, map.start + map.size, map.file_offset, dso});
  return true;
}

std::uint32_t Tasks::name_of(std::uint32_t pid, std::uint32_t tid) {
  for (const std::uint32_t id : {tid, pid}) {
    const auto name = names_.find(id);
    if (name != names_.end()) return name->second;
  }
  if (tid == 0) return strings_.number("swapper");
  return strings_.number(':' + std::to_string(static_cast<std::int32_t>(tid)));
}

std::optional<Mapping> Tasks::find(std::uint32_t pid, std::uint64_t address) const {
  const auto maps = maps_.find(pid);
  return maps == maps_.end() ? std::nullopt : maps->second.find(address);
}

std::optional<Mapping> Tasks::find_kernel(std::uint64_t address) const {
  return kernel_.find(address);
}

}  // namespace perfctr::report
