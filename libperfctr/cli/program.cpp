// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.hpp"

#include <cctype>
#include <cstdio>

namespace perfctr::cli {
namespace {

constexpr Verb kVerbs[] = {
    {"stat", "count events of a command or of running threads", run_stat, kStatHelp},
    {"record", "sample where a command or running threads spend events", run_record, kRecordHelp},
    {"report", "show where the events of a recording happened", run_report, kReportHelp},
    {"list", "show the names of events", run_list, kListHelp},
    {"info", "show what counting needs, and what is missing", run_info, kInfoHelp},
    {"check", "prove that this machine counts right", run_check, kCheckHelp},
    {"help", "show help for a verb", run_help, kHelpHelp},
};

std::string as_sentence(std::string text) {
  if (text.empty()) return text;
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  if (text.back() != '.') text += '.';
  return text;
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

const Verb* find_verb(const std::string& name) {
  for (const Verb& verb : kVerbs) {
    if (name == verb.name) return &verb;
  }
  return nullptr;
}

void complain(const Error& error) {
  std::fprintf(stderr, "perfctr: %s.\n", error.message.c_str());
  if (!error.remedy.empty())
    std::fprintf(stderr, "         %s\n", as_sentence(error.remedy).c_str());
}

int usage_error(const std::string& verb, const std::string& message) {
  std::fprintf(stderr, "perfctr %s: %s.\n         See 'perfctr %s --help'.\n", verb.c_str(),
               message.c_str(), verb.c_str());
  return kExitUsage;
}

}  // namespace perfctr::cli
