// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The reader's side of a sample buffer: the same for /dev/perfctr and for
// perf_event, whose records have the same header.
//
// Two agents share the pages.  The kernel writes records, then data_head
// (release); we load data_head (acquire), so the records up to it are whole.  We
// copy a record, then store data_tail (release); the kernel overwrites nothing
// above data_tail, so it cannot overwrite what is being copied, and sees the
// tail move only after the copy.
//
// The pages are writable by the whole process: any thread of it may scribble
// over them at any time.  So nothing is taken from them twice, and what is taken
// is checked: the place and size of the data come from the mapping, the tail is
// our own, and a record is looked at only in the copy.  Scribbling gives wrong
// records or kBroken, never a wild access.
#pragma once

#include "make_error.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace perfctr {

struct RecordHeader {
  std::uint32_t type;
  std::uint16_t mode;  // perf: misc
  std::uint16_t size;  // of the record, this header included; a multiple of 8
};
static_assert(sizeof(RecordHeader) == 8);

class RecordRing final {
 public:
  enum class Next { kRecord, kEmpty, kBroken };

  RecordRing() = default;
  // `size` is a power of two.
  RecordRing(const std::byte* data, std::size_t size, std::uint64_t* head,
             std::uint64_t* tail) noexcept
      : data_(data), size_(size), head_(head), tail_(tail) {
    position_ = std::atomic_ref(*tail_).load(std::memory_order_relaxed);
  }

  // Takes the next record off: its bytes are in record() until the next call.
  Next next() {
    if (data_ == nullptr) return Next::kEmpty;
    const std::uint64_t head = std::atomic_ref(*head_).load(std::memory_order_acquire);
    const std::uint64_t waiting = head - position_;
    if (waiting == 0) return Next::kEmpty;
    RecordHeader header{};
    if (waiting > size_ || waiting < sizeof(header)) return skip_to(head);
    copy(&header, sizeof(header));
    if (header.size < sizeof(header) || header.size % 8 != 0 || header.size > waiting) {
      return skip_to(head);
    }
    record_.resize(header.size);
    copy(record_.data(), header.size);
    // Another thread may have scribbled meanwhile: the size that was checked holds.
    std::memcpy(record_.data(), &header, sizeof(header));
    release(position_ + header.size);
    return Next::kRecord;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<const std::byte> record() const noexcept { return record_; }

 private:
  void copy(void* to, std::size_t length) const noexcept {
    const std::size_t begin = static_cast<std::size_t>(position_) & (size_ - 1);
    const std::size_t first = std::min(length, size_ - begin);
    std::memcpy(to, data_ + begin, first);
    std::memcpy(static_cast<std::byte*>(to) + first, data_, length - first);
  }
  void release(std::uint64_t position) noexcept {
    position_ = position;
    std::atomic_ref(*tail_).store(position, std::memory_order_release);
  }
  // There is no telling where the next record begins: start afresh.
  Next skip_to(std::uint64_t head) noexcept {
    release(head);
    return Next::kBroken;
  }

  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t* head_ = nullptr;
  std::uint64_t* tail_ = nullptr;
  std::uint64_t position_ = 0;
  std::vector<std::byte> record_;
};

[[nodiscard]] inline Error broken_ring_error() {
  return make_error(Errc::kLost, 0,
                    "the sample buffer holds what is no record; what waited in it is lost",
                    "look for the part of this program that writes into it");
}

}  // namespace perfctr
