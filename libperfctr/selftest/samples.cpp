// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Samples a program and accounts for every overflow: of a thread's event,
// samples and missed overflows together are the count divided by the period, at
// every sample and at the end.
#include "selftest.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace perfctr::selftest {
namespace {

// What came in of one event of one thread.
struct Account {
  std::uint64_t samples = 0;
  std::uint64_t lost = 0;
};

struct Seen {
  std::map<std::pair<pid_t, unsigned>, Account> accounts;
  std::vector<Account> events;
  std::vector<std::string> list;  // the first samples, as JSON
  std::size_t list_limit = 0;
  std::uint64_t wrong = 0;  // samples whose count does not agree with their number
  std::uint64_t records = 0;
};

void take(Seen& seen, const Sampler& sampler, const Sample& sample) {
  ++seen.records;
  for (unsigned i = 0; i < seen.events.size(); ++i) {
    if ((sample.counters >> i & 1) == 0) continue;
    ++seen.events[i].samples;
    ++seen.accounts[{sample.tid, i}].samples;
  }
  if (sample.counters != 0 && sample.count != 0) {
    const auto lowest = static_cast<unsigned>(__builtin_ctz(sample.counters));
    const Account& account = seen.accounts[{sample.tid, lowest}];
    const std::uint64_t period = sampler.period(lowest);
    if (period == 0 || sample.count / period != account.samples + account.lost) ++seen.wrong;
  }
  if (seen.list.size() < seen.list_limit) {
    seen.list.push_back("[" + std::to_string(sample.ip) + "," + std::to_string(sample.count) +
                        "," + std::to_string(sample.counters) + "," +
                        (sample.entered ? "1" : "0") + "," + std::to_string(sample.chain.size()) +
                        "]");
  }
}

void take_lost(Seen& seen, const LostSamples& lost) {
  if (lost.counter >= seen.events.size()) return;
  seen.events[lost.counter].lost += lost.lost;
  seen.accounts[{lost.tid, lost.counter}].lost += lost.lost;
}

void print(const Seen& seen, const Sampler& sampler, const SampleTotals& totals, int status) {
  std::printf("{\"status\":%d,\"records\":%llu,\"wrong\":%llu,\"threads\":%zu,\"events\":[", status,
              static_cast<unsigned long long>(seen.records),
              static_cast<unsigned long long>(seen.wrong), std::size_t{totals.reading.nr_threads});
  for (unsigned i = 0; i < seen.events.size(); ++i) {
    std::printf("%s{\"event\":\"%s\",\"period\":%llu,\"count\":%llu,\"samples\":%llu,"
                "\"missed\":%llu,\"lost\":%llu}",
                i == 0 ? "" : ",", sampler.events()[i].event.name.c_str(),
                static_cast<unsigned long long>(sampler.period(i)),
                static_cast<unsigned long long>(totals.reading.values[i]),
                static_cast<unsigned long long>(seen.events[i].samples),
                static_cast<unsigned long long>(totals.missed.empty() ? 0 : totals.missed[i]),
                static_cast<unsigned long long>(totals.buffer_lost));
  }
  std::fputs("],\"list\":[", stdout);
  for (std::size_t i = 0; i < seen.list.size(); ++i) {
    std::printf("%s%s", i == 0 ? "" : ",", seen.list[i].c_str());
  }
  std::puts("]}");
}

// In the child: wait for the parent, let it know, become the program.
[[noreturn]] void run_child(Sampler& sampler, int go, int ready, char** command) {
  char byte = 0;
  if (sampler.configure_in_target()) {
    const auto configured = sampler.configure(0);
    byte = configured ? 'y' : 'n';
    if (!configured) fail(configured.error());
  }
  if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1) _exit(126);
  execvp(command[0], command);
  std::perror(command[0]);
  _exit(127);
}

}  // namespace

int sample_program(const SampleRequest& request, char** command) {
  auto events = parse_sampled_events(request.events);
  if (!events) return fail(events.error());
  auto sampler = Sampler::prepare(std::move(*events), {.inherit = true,
                                                       .enable_on_exec = true,
                                                       .call_chain = request.call_chain,
                                                       .notify = request.notify,
                                                       .buffer_pages = 512});
  if (!sampler) return fail(sampler.error());

  int go[2], ready[2];
  if (pipe2(go, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) run_child(*sampler, go[0], ready[1], command);
  char byte = 'n';
  if (child < 0 || read(ready[0], &byte, 1) != 1 || byte == 'n') return 1;
  if (!sampler->configure_in_target()) {
    if (auto configured = sampler->configure(child); !configured) return fail(configured.error());
  }
  if (auto mapped = sampler->map_buffer(); !mapped) return fail(mapped.error());
  if (write(go[1], &byte, 1) != 1) return 1;

  Seen seen;
  seen.events.resize(sampler->events().size());
  seen.list_limit = request.list;
  const auto drain = [&] {
    if (request.raw) return sampler->drain([&](const Sample&) { ++seen.records; });
    return sampler->drain([&](const Sample& sample) { take(seen, *sampler, sample); },
                          [&](const LostSamples& lost) { take_lost(seen, lost); });
  };
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    pollfd wait{.fd = sampler->fd(), .events = POLLIN, .revents = 0};
    poll(&wait, 1, 50);
    if (auto drained = drain(); !drained) return fail(drained.error());
  }
  const auto totals = sampler->total();
  if (!totals) return fail(totals.error());
  if (auto drained = drain(); !drained) return fail(drained.error());
  print(seen, *sampler, *totals, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}

}  // namespace perfctr::selftest
