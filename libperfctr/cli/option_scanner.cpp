// SPDX-License-Identifier: LGPL-2.1-or-later
#include "option_scanner.hpp"

#include "option_values.hpp"

namespace perfctr::cli {

OptionScanner::OptionScanner(std::span<char* const> args, const char* short_options,
                             const option* long_options)
    : argv_(args.begin(), args.end()), short_options_(short_options), long_options_(long_options) {
  // getopt wants an array that it may keep, ended by a null pointer.
  argv_.push_back(nullptr);
  optind = 0;  // start afresh
  opterr = 0;
}

int OptionScanner::next() {
  return getopt_long(static_cast<int>(argv_.size()) - 1, argv_.data(), short_options_,
                     long_options_, nullptr);
}

std::string OptionScanner::text() const {
  // A short option may be one of several in a word.
  if (optopt > 0 && optopt < 256) return std::string("-") + static_cast<char>(optopt);
  return argv_[static_cast<std::size_t>(optind - 1)];
}

Error OptionScanner::missing_argument() const {
  const std::string word = argv_[static_cast<std::size_t>(optind - 1)];
  return option_error("option '" + word + "' wants an argument", word);
}

Error OptionScanner::unknown() const {
  return option_error("there is no option '" + text() + "'", text());
}

Error OptionScanner::empty_argument() const {
  // "--option=" is one word, "--option ''" are two.
  const std::string last = argv_[static_cast<std::size_t>(optind - 1)];
  const std::string word = last.empty() ? argv_[static_cast<std::size_t>(optind - 2)] : last;
  return option_error("option '" + word + "' wants an argument, not ''", word);
}

std::span<char* const> OptionScanner::rest() const {
  return std::span(argv_).subspan(static_cast<std::size_t>(optind),
                                  argv_.size() - 1 - static_cast<std::size_t>(optind));
}

}  // namespace perfctr::cli
