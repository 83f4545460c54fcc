// SPDX-License-Identifier: LGPL-2.1-or-later
#include "device_file.hpp"

#include "device_errors.hpp"

#include <fcntl.h>
#include <linux/perfctr.h>
#include <sys/ioctl.h>

#include <cerrno>

namespace perfctr {
namespace {

class RealDeviceFile final : public DeviceFile {
 public:
  explicit RealDeviceFile(ScopedFd fd) : fd_(std::move(fd)) {}

  int ioctl(unsigned long request, void* argument) override {
    int result;
    do {
      result = ::ioctl(fd_.get(), request, argument);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? errno : 0;
  }

  const void* map(std::size_t size, int* error) override {
    mapping_ = ScopedMmap(fd_.get(), size);
    *error = mapping_.error();
    return mapping_.get();
  }

  void* map_buffer(std::size_t size, int* error) override {
    buffer_ = ScopedMmap::for_writing(fd_.get(), size, PERFCTR_MMAP_BUFFER);
    *error = buffer_.error();
    return buffer_.writable();
  }

  int fd() const noexcept override { return fd_.get(); }

 private:
  ScopedFd fd_;
  ScopedMmap mapping_;
  ScopedMmap buffer_;
};

}  // namespace

Result<std::unique_ptr<DeviceFile>> DeviceFile::open(const char* path) {
  ScopedFd fd(::open(path, O_RDWR | O_CLOEXEC));
  if (!fd.is_open()) return device_open_error(errno, path);
  return std::unique_ptr<DeviceFile>(new RealDeviceFile(std::move(fd)));
}

}  // namespace perfctr
