// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CppUnit knows no skipping: a test that cannot run here throws Skip, and the
// runner counts it apart.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace perfctr::test {

struct Skip {
  std::string reason;
};

// Called by skip(): remembers the test that runs now.
[[noreturn]] void skip(const std::string& reason);

// "PERFCTR_BUILD" and the like, set by the Makefile.
[[nodiscard]] std::string setting(const char* name);

// The output of a shell command and its exit status.
struct Ran {
  int status;
  std::string output;
};
[[nodiscard]] Ran run(const std::string& command);

}  // namespace perfctr::test
