// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.hpp"

#include <cstdio>

namespace perfctr::cli {

const char kHelpHelp[] = R"(Usage: perfctr help [VERB]

Show what perfctr can do, or help for a verb.  The manual pages perfctr(1) and
perfctr-VERB(1) say more.
)";

int run_help(std::span<char* const> args) {
  if (args.size() > 1) {
    const std::string name = args[1];
    if (name == "--help" || name == "-h") {
      std::fputs(kHelpHelp, stdout);
      return kExitOk;
    }
    const Verb* verb = find_verb(name);
    if (verb == nullptr) return usage_error("help", "there is no verb '" + name + "'");
    std::fputs(verb->help, stdout);
    return kExitOk;
  }
  std::fputs(
      "Usage: perfctr VERB [OPTION]... [ARGUMENT]...\n"
      "       perfctr --version | --help\n"
      "\n"
      "Exact counts of hardware events of threads, in Xen guests and on bare metal.\n"
      "\n",
      stdout);
  for (const Verb& verb : verbs()) std::printf("  %-7s %s\n", verb.name, verb.text);
  std::fputs("\n'perfctr help VERB' or 'perfctr VERB --help' shows a verb's options.\n", stdout);
  return kExitOk;
}

}  // namespace perfctr::cli
