// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.hpp"

#include <perfctr/perfctr.hpp>

#include <clocale>
#include <cstdio>
#include <exception>
#include <string>

using namespace perfctr::cli;

int main(int argc, char** argv) {
  // For the thousands separator of `stat`.
  std::setlocale(LC_NUMERIC, "");
  try {
    if (argc < 2) {
      run_help({});
      return kExitUsage;
    }
    const std::string name = argv[1];
    if (name == "--version" || name == "-V" || name == "version") {
      std::printf("perfctr %s\n", perfctr::version());
      return kExitOk;
    }
    if (name == "--help" || name == "-h") return run_help({});
    const Verb* verb = find_verb(name);
    if (verb == nullptr) {
      std::fprintf(stderr, "perfctr: there is no verb '%s'.\n         See 'perfctr help'.\n",
                   name.c_str());
      return kExitUsage;
    }
    return verb->run(std::span(argv + 1, static_cast<std::size_t>(argc - 1)));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "perfctr: %s.\n", failure.what());
    return kExitFailed;
  }
}
