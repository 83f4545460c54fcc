// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "profile.hpp"

#include <string>
#include <vector>

namespace perfctr::report {

enum class SortKey { kComm, kDso, kSymbol };

struct TableOptions {
  std::vector<SortKey> keys = {SortKey::kComm, SortKey::kDso, SortKey::kSymbol};
  bool children = false;     // also what was called counts
  bool by_samples = false;   // else by period
  double percent_limit = 0;  // rows below it are left out
  bool call_graph = false;   // callers below each row
};

struct Row {
  std::uint32_t comm = 0;  // node of the tree; see Histogram::name
  std::uint32_t frame = 0;
  Weight self;
  Weight total;  // self and what it called; counted once in a recursion
};

// A profile of one event as a table.
class Histogram final {
 public:
  Histogram(const Profile& profile, const EventProfile& event, const TableOptions& options);

  // Heaviest first; all of them.
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  // As much as the limit lets through.
  [[nodiscard]] std::size_t shown() const { return shown_; }
  [[nodiscard]] double percent(const Weight& weight) const;
  // What a row has in the column of a key.
  [[nodiscard]] std::string cell(const Row& row, SortKey key) const;
  // Who called what the row is about, as a tree: the root is the row, keys are frames.
  [[nodiscard]] CallTree callers(const Row& row) const;

 private:
  struct Key {
    std::uint32_t comm, dso, frame;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  [[nodiscard]] Key key_of(std::uint32_t comm, std::uint32_t frame) const;
  [[nodiscard]] bool has(SortKey key) const;
  void count();
  void sort();

  const Profile& profile_;
  const EventProfile& event_;
  const TableOptions& options_;
  std::vector<std::uint32_t> comms_;  // by node of the tree: the string of its command
  std::vector<Row> rows_;
  std::size_t shown_ = 0;
};

}  // namespace perfctr::report
