// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perfctr::report {

// As much of the protocol buffers' encoding as profile.proto needs.
class ProtoWriter final {
 public:
  // Fields that are 0 are left out: that is their default.
  void number(unsigned field, std::uint64_t value) {
    if (value == 0) return;
    tag(field, kVarint);
    varint(value);
  }
  void text(unsigned field, std::string_view value) {
    tag(field, kBytes);
    varint(value.size());
    out_ += value;
  }
  void message(unsigned field, const ProtoWriter& value) { text(field, value.out_); }
  void packed(unsigned field, const std::vector<std::uint64_t>& values) {
    ProtoWriter list;
    for (const std::uint64_t value : values) list.varint(value);
    message(field, list);
  }
  [[nodiscard]] const std::string& bytes() const { return out_; }

 private:
  enum : std::uint64_t { kVarint = 0, kBytes = 2 };

  void tag(unsigned field, std::uint64_t type) { varint(std::uint64_t{field} << 3 | type); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>((value & 0x7f) | 0x80);
    out_ += static_cast<char>(value);
  }

  std::string out_;
};

}  // namespace perfctr::report
