// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace perfctr::report {

using Bytes = std::span<const std::uint8_t>;

// The part of `bytes` from `offset` on, `size` long; what lies outside is cut off.
[[nodiscard]] inline Bytes clipped(Bytes bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset >= bytes.size()) return {};
  const std::uint64_t left = bytes.size() - offset;
  return bytes.subspan(static_cast<std::size_t>(offset),
                       static_cast<std::size_t>(size < left ? size : left));
}

// Whether [offset, offset + size) lies within `bytes`; no sum that could wrap.
[[nodiscard]] inline bool contains(Bytes bytes, std::uint64_t offset, std::uint64_t size) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

// Reads little-endian numbers off a span, front to back.  Nothing outside the
// span is ever touched: a read past its end gives 0 and leaves ok() false for
// good, so that a decoder may read all its fields and ask once.
class ByteReader final {
 public:
  explicit ByteReader(Bytes bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - position_; }

  template <class T>
  T read() {
    static_assert(std::is_unsigned_v<T>);
    const Bytes raw = take(sizeof(T));
    T value = 0;
    for (std::size_t i = raw.size(); i-- > 0;) value = static_cast<T>(value << 7 << 1 | raw[i]);
    return value;
  }
  std::uint16_t u16() { return read<std::uint16_t>(); }
  std::uint32_t u32() { return read<std::uint32_t>(); }
  std::uint64_t u64() { return read<std::uint64_t>(); }

  // Empty when there are not so many left.
  Bytes take(std::uint64_t size) {
    if (!ok_ || size > left()) {
      ok_ = false;
      return {};
    }
    const Bytes part = bytes_.subspan(position_, static_cast<std::size_t>(size));
    position_ += part.size();
    return part;
  }
  void skip(std::uint64_t size) { take(size); }

  // Up to the NUL, which has to be there.
  std::string_view text() {
    for (std::size_t end = position_; ok_ && end < bytes_.size(); ++end) {
      if (bytes_[end] != 0) continue;
      const Bytes raw = take(end - position_);
      skip(1);
      return as_text(raw);
    }
    ok_ = false;
    return {};
  }

  static std::string_view as_text(Bytes raw) {
    return {reinterpret_cast<const char*>(raw.data()), raw.size()};
  }

 private:
  Bytes bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

// Numbers of 64 bits in a row, read where they lie.
class NumberList final {
 public:
  NumberList() = default;
  explicit NumberList(Bytes raw) : raw_(raw) {}

  [[nodiscard]] std::size_t size() const { return raw_.size() / 8; }
  // Precondition: i < size().
  [[nodiscard]] std::uint64_t operator[](std::size_t i) const {
    return ByteReader(raw_.subspan(i * 8, 8)).u64();
  }

 private:
  Bytes raw_;
};

}  // namespace perfctr::report
