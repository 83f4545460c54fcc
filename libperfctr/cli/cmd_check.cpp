// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.hpp"

#include "self_check.hpp"

#include <cstdio>
#include <string_view>

namespace perfctr::cli {

const char kCheckHelp[] = R"(Usage: perfctr check [-h]

Count loops whose numbers of instructions and branches are known, and compare.
The exit status is 0 when every count is exact, 1 when one is not, 2 when
nothing could be counted ('perfctr info' says why).

  -h, --help  this text
)";

int run_check(std::span<char* const> args) {
  for (const char* arg : args.subspan(1)) {
    if (std::string_view(arg) == "-h" || std::string_view(arg) == "--help") {
      std::fputs(kCheckHelp, stdout);
      return kExitOk;
    }
    return usage_error("check", std::string("there is no option or argument '") + arg + "'");
  }
  const auto items = check_counting();
  if (!items) {
    complain(items.error());
    return kExitUsage;
  }
  unsigned wrong = 0;
  for (const CheckItem& item : *items) {
    std::printf("  [%s] %s\n", item.ok ? "ok" : "NO", item.text.c_str());
    if (!item.ok) ++wrong;
  }
  if (wrong == 0) {
    std::puts("This machine counts right.");
    return kExitOk;
  }
  std::printf("%u of %zu checks failed: do not trust counts of this machine.\n", wrong,
              items->size());
  return kExitFailed;
}

}  // namespace perfctr::cli
