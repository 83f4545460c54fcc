// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What all outputs are made of: for each event a tree of who called whom, with
// weights.  The first level are commands (numbers of strings), all others frames.
#pragma once

#include "call_tree.hpp"
#include "record_decoder.hpp"
#include "string_table.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace perfctr::report {

// A function, or an address whose function is not known.
struct Frame {
  Mode mode = Mode::kUnknown;
  std::uint32_t dso = 0;      // string
  std::uint32_t symbol = 0;   // string; 0 when not known
  std::uint64_t address = 0;  // the symbol's, in its file; or the code's

  bool operator==(const Frame&) const = default;
};

// Gives equal frames equal numbers.
class FrameTable final {
 public:
  std::uint32_t number(const Frame& frame) {
    const auto [place, added] =
        numbers_.try_emplace(frame, static_cast<std::uint32_t>(frames_.size()));
    if (added) frames_.push_back(frame);
    return place->second;
  }
  [[nodiscard]] const Frame& operator[](std::uint32_t number) const { return frames_[number]; }
  [[nodiscard]] std::size_t size() const { return frames_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const Frame& frame) const {
      const std::uint64_t parts = std::uint64_t{frame.dso} << 32 | frame.symbol;
      return std::hash<std::uint64_t>()(frame.address * 0x9e3779b97f4a7c15 + parts) ^
             static_cast<std::size_t>(frame.mode);
    }
  };
  std::vector<Frame> frames_;
  std::unordered_map<Frame, std::uint32_t, Hash> numbers_;
};

struct EventProfile {
  std::string name;
  bool call_chains = false;  // recorded with them
  Weight total;
  CallTree tree;
};

struct Profile {
  StringTable strings;
  FrameTable frames;
  std::vector<EventProfile> events;
  std::string hostname, command;
  std::uint64_t lost = 0;
  std::vector<std::string> damage;  // what is missing from the file
  std::vector<std::string> notes;   // what else the reader should know

  [[nodiscard]] const Frame& frame(const CallTree::Node& node) const { return frames[node.key]; }
  // "main", or "0x00000000000011a9".
  [[nodiscard]] std::string symbol_of(const Frame& frame) const;
  // For pictures: "[libc.so.6]" instead of addresses, "_[k]" behind the kernel's.
  [[nodiscard]] std::string picture_name(const Frame& frame) const;
  // "libc.so.6" of "/usr/lib/libc.so.6".
  [[nodiscard]] std::string short_dso(std::uint32_t dso) const;
};

// perf's letter: '.', 'k', 'H', 'g', 'u'.
[[nodiscard]] char mode_letter(Mode mode);

}  // namespace perfctr::report
