// SPDX-License-Identifier: LGPL-2.1-or-later
//
// getopt_long() over a verb's arguments.
#pragma once

#include <perfctr/result.hpp>

#include <getopt.h>

#include <span>
#include <string>
#include <vector>

namespace perfctr::cli {

// Short options begin with ':' (behind a '+'), so that a missing argument is told from
// an unknown option.  One scanner at a time: getopt keeps its state in the process.
class OptionScanner {
 public:
  OptionScanner(std::span<char* const> args, const char* short_options, const option* long_options);

  // As getopt_long(); the argument is in optarg.
  [[nodiscard]] int next();
  // After '?': what was typed, and that there is no such option.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] Error unknown() const;
  // After ':'; and for an argument that is empty.
  [[nodiscard]] Error missing_argument() const;
  [[nodiscard]] Error empty_argument() const;
  // After -1: what comes behind the options.
  [[nodiscard]] std::span<char* const> rest() const;

 private:
  std::vector<char*> argv_;
  const char* short_options_;
  const option* long_options_;
};

}  // namespace perfctr::cli
