// SPDX-License-Identifier: LGPL-2.1-or-later
#include "option_scanner.hpp"
#include "program.hpp"

#include <perfctr/event.hpp>

#include <cinttypes>
#include <cstdio>
#include <string>

namespace perfctr::cli {

const char kListHelp[] = R"(Usage: perfctr list [OPTION]... [hw | PATTERN]

Show the names of events that this machine's CPU has: generic names ('hw'), and
libpfm4's names for the CPU model.  PATTERN selects names that contain it.

  -l, --long-desc  a description of each event
  -j, --json       one JSON object per line
  -h, --help       this text

Any code can be counted as rUUEE (unit mask, event select, in hexadecimal) or
cpu/event=0xEE,umask=0xUU,cmask=N,edge,inv/.  Modifiers: ':u' user mode (the
default), ':k' the kernel, ':h' the hypervisor's work for the domain.
)";

namespace {

std::string json_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

}  // namespace

int run_list(std::span<char* const> args) {
  const option long_options[] = {{"long-desc", no_argument, nullptr, 'l'},
                                 {"json", no_argument, nullptr, 'j'},
                                 {"help", no_argument, nullptr, 'h'},
                                 {nullptr, 0, nullptr, 0}};
  OptionScanner scanner(args, ":ljh", long_options);
  bool descriptions = false;
  bool json = false;
  for (int c; (c = scanner.next()) != -1;) {
    if (c == 'h') {
      std::fputs(kListHelp, stdout);
      return kExitOk;
    }
    if (c != 'l' && c != 'j') return usage_error("list", scanner.unknown().message);
    (c == 'l' ? descriptions : json) = true;
  }
  const auto rest = scanner.rest();
  if (rest.size() > 1) return usage_error("list", "give one pattern at most");
  const std::string pattern = rest.empty() ? "" : rest.front();

  const auto events = list_events(pattern);
  if (events.empty()) {
    complain({.code = Errc::kUnknownEvent,
              .sys_errno = 0,
              .message = "no event's name contains '" + pattern + "'",
              .remedy = "see 'perfctr list' for all of them",
              .subject = pattern});
    return kExitFailed;
  }
  for (const EventDescription& event : events) {
    if (json) {
      std::printf("{\"name\" : \"%s\", \"kind\" : \"%s\", \"code\" : \"0x%" PRIx64
                  "\", \"description\" : \"%s\"}\n",
                  event.name.c_str(), event.kind.c_str(), event.code,
                  json_text(event.text).c_str());
    } else {
      std::printf("  %-52s [%s r%04" PRIx64 "]\n", event.name.c_str(), event.kind.c_str(),
                  event.code);
      if (descriptions) std::printf("      %s\n", event.text.c_str());
    }
  }
  return kExitOk;
}

}  // namespace perfctr::cli
