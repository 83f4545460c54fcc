// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <perfctr/error.hpp>

#include <span>
#include <string>
#include <vector>

namespace perfctr::cli {

// Exit statuses of our own; a counted command's status goes through.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCannotRun = 126;
inline constexpr int kExitNotFound = 127;

struct Verb {
  const char* name;
  const char* text;
  int (*run)(std::span<char* const> args);  // args[0] is the verb
  const char* help;
};
[[nodiscard]] std::span<const Verb> verbs();
[[nodiscard]] const Verb* find_verb(const std::string& name);

int run_stat(std::span<char* const> args);
int run_record(std::span<char* const> args);
int run_report(std::span<char* const> args);
int run_list(std::span<char* const> args);
int run_info(std::span<char* const> args);
int run_check(std::span<char* const> args);
int run_help(std::span<char* const> args);

extern const char kStatHelp[];
extern const char kRecordHelp[];
extern const char kReportHelp[];
extern const char kListHelp[];
extern const char kInfoHelp[];
extern const char kCheckHelp[];
extern const char kHelpHelp[];

// "perfctr: MESSAGE.\n  REMEDY.\n" on stderr.
void complain(const Error& error);
// A mistake on the command line: the message, and where help is.  kExitUsage.
int usage_error(const std::string& verb, const std::string& message);

}  // namespace perfctr::cli
