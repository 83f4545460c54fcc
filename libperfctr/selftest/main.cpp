// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Programs that need counters to run: what a read costs, and whether threads
// that count themselves see themselves alone.  Statically linked, for guests.
#include "selftest.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace perfctr::selftest;

namespace perfctr::selftest {

int fail(const Error& error) {
  std::fprintf(stderr, "perfctr-selftest: %s.\n", error.sentence().c_str());
  return 1;
}

}  // namespace perfctr::selftest

namespace {

int sample(int argc, char** argv) {
  SampleRequest request;
  int place = 2;
  for (; place < argc && argv[place][0] == '-'; ++place) {
    const std::string_view option = argv[place];
    if (option == "--chain") {
      request.call_chain = true;
    } else if (option == "--notify") {
      request.notify = true;
    } else if (option == "--raw") {
      request.raw = true;
    } else if (option == "--list" && place + 1 < argc) {
      request.list = std::strtoul(argv[++place], nullptr, 10);
    } else {
      return 2;
    }
  }
  if (place + 1 >= argc) return 2;
  request.events = argv[place];
  return sample_program(request, argv + place + 1);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  const auto number = [&](int place, unsigned long otherwise) {
    return argc > place ? std::strtoul(argv[place], nullptr, 10) : otherwise;
  };
  if (verb == "cost") return measure_read_cost();
  if (verb == "threads") {
    return count_in_threads(static_cast<unsigned>(number(2, 4)),
                            static_cast<unsigned>(number(3, 50)));
  }
  if (verb == "reads") return only_read(number(2, 1000000));
  if (verb == "samples" && argc > 3) return sample(argc, argv);
  std::fputs(
      "Usage: perfctr-selftest cost                      instructions per read\n"
      "       perfctr-selftest threads [THREADS [ROUNDS]]  self-monitoring threads\n"
      "       perfctr-selftest reads [N]                 N reads and nothing else\n"
      "       perfctr-selftest samples [--chain] [--notify] [--raw] [--list N] EVENTS PROGRAM...\n"
      "                                                  every overflow accounted for\n",
      stderr);
  return 2;
}
