// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "byte_reader.hpp"

#include <perfctr/result.hpp>

#include <string>
#include <vector>

namespace perfctr::report {

// The contents of a file, mapped; those of a pipe are read into memory.  A file
// that is shortened by somebody while it is mapped ends the program (SIGBUS).
class MappedFile final {
 public:
  MappedFile() = default;
  // "-" is standard input.
  [[nodiscard]] static Result<MappedFile> open(const std::string& path);
  // Only what is a plain file now: names that come out of a file must not make us
  // open devices, whose opening may have effects, or pipes, which may block.
  [[nodiscard]] static Result<MappedFile> open_plain(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] Bytes bytes() const { return bytes_; }

 private:
  Result<void> load(int fd, const std::string& path);

  Bytes bytes_;
  bool mapped_ = false;
  std::vector<std::uint8_t> read_;
};

}  // namespace perfctr::report
