// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace perfctr {

// Owns a populated mapping of a file descriptor.
class ScopedMmap final {
 public:
  ScopedMmap() = default;
  // For reading.  Leaves an empty mapping on failure; error() has the errno.
  ScopedMmap(int fd, std::size_t size) noexcept : ScopedMmap(fd, size, 0, PROT_READ) {}
  // For reading and writing.
  [[nodiscard]] static ScopedMmap for_writing(int fd, std::size_t size, off_t offset) noexcept {
    return ScopedMmap(fd, size, offset, PROT_READ | PROT_WRITE);
  }
  ScopedMmap(ScopedMmap&& other) noexcept
      : address_(std::exchange(other.address_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        error_(other.error_) {}
  ScopedMmap& operator=(ScopedMmap&& other) noexcept {
    std::swap(address_, other.address_);
    std::swap(size_, other.size_);
    std::swap(error_, other.error_);
    return *this;
  }
  ScopedMmap(const ScopedMmap&) = delete;
  ScopedMmap& operator=(const ScopedMmap&) = delete;
  ~ScopedMmap() {
    if (address_ != nullptr) ::munmap(address_, size_);
  }

  [[nodiscard]] const void* get() const noexcept { return address_; }
  // Of a mapping for_writing() only.
  [[nodiscard]] void* writable() const noexcept { return address_; }
  [[nodiscard]] int error() const noexcept { return error_; }

 private:
  ScopedMmap(int fd, std::size_t size, off_t offset, int protection) noexcept : size_(size) {
    void* address = ::mmap(nullptr, size, protection, MAP_SHARED | MAP_POPULATE, fd, offset);
    if (address == MAP_FAILED) {
      error_ = errno;
    } else {
      address_ = address;
    }
  }

  void* address_ = nullptr;
  std::size_t size_ = 0;
  int error_ = 0;
};

}  // namespace perfctr
