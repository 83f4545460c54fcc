// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mapped_file.hpp"

#include "scoped_fd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace perfctr::report {
namespace {

Error failure(const std::string& what, const std::string& path, std::string remedy = {}) {
  const int number = errno;
  return Error{.code = Errc::kSystem,
               .sys_errno = number,
               .message = "cannot " + what + " '" + path + "' (" + std::strerror(number) + ")",
               .remedy = std::move(remedy),
               .subject = path};
}

}  // namespace

MappedFile::MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  // A vector keeps its place in memory when it moves, so the span stays right.
  std::swap(bytes_, other.bytes_);
  std::swap(mapped_, other.mapped_);
  std::swap(read_, other.read_);
  return *this;
}

MappedFile::~MappedFile() {
  if (mapped_) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

Result<void> MappedFile::load(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return failure("look at", path);
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return failure("read", path,
                   "give a file; directories of 'perf record --threads' are not supported");
  }
  if (S_ISREG(status.st_mode) && status.st_size > 0) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address == MAP_FAILED) return failure("map", path);
    bytes_ = Bytes(static_cast<const std::uint8_t*>(address), size);
    mapped_ = true;
    return {};
  }
  std::uint8_t buffer[1 << 16];
  while (true) {
    const ssize_t size = ::read(fd, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failure("read", path);
    if (size == 0) break;
    read_.insert(read_.end(), buffer, buffer + size);
  }
  bytes_ = read_;
  return {};
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  MappedFile file;
  if (path == "-") {
    if (auto loaded = file.load(STDIN_FILENO, "standard input"); !loaded)
      return std::move(loaded).error();
    return file;
  }
  const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.is_open()) {
    const char* remedy = errno == ENOENT   ? "record first, or give a file with -i"
                         : errno == EACCES ? "ask its owner, or run as the user that recorded"
                                           : "";
    return failure("open", path, remedy);
  }
  if (auto loaded = file.load(fd.get(), path); !loaded) return std::move(loaded).error();
  return file;
}

Result<MappedFile> MappedFile::open_plain(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return failure("look at", path);
  if (!S_ISREG(status.st_mode)) {
    return Error{.code = Errc::kBadArgument,
                 .sys_errno = 0,
                 .message = "'" + path + "' is not a plain file",
                 .remedy = {},
                 .subject = path};
  }
  return open(path);
}

}  // namespace perfctr::report
