// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "scoped_fd.hpp"
#include "scoped_mmap.hpp"

#include <perfctr/result.hpp>

#include <cstddef>
#include <memory>

namespace perfctr {

inline constexpr const char* kDevicePath = "/dev/perfctr";

// The system calls on the device.  A base class, so that tests can play the
// kernel.
class DeviceFile {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DeviceFile>> open(const char* path);

  DeviceFile() = default;
  DeviceFile(const DeviceFile&) = delete;
  DeviceFile& operator=(const DeviceFile&) = delete;
  virtual ~DeviceFile() = default;

  // 0 or a positive errno.
  virtual int ioctl(unsigned long request, void* argument) = 0;
  // The mapping's address, or nullptr with *error set.  Unmapped with the object.
  virtual const void* map(std::size_t size, int* error) = 0;
  // Likewise for the sample buffer, which is mapped for writing.
  virtual void* map_buffer(std::size_t size, int* error) = 0;
  // For poll().
  virtual int fd() const noexcept = 0;
};

}  // namespace perfctr
