// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record_session.hpp"

#include "attach.hpp"
#include "backend.hpp"
#include "make_error.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>

namespace perfctr::cli {
namespace {

constexpr int kFlushEvery_ms = 200;

}  // namespace

// perf_event takes a buffer per thread and CPU out of what a user may lock.
unsigned RecordSession::buffer_pages(std::size_t nr_threads) const {
  if (options_.buffer_pages != 0) return options_.buffer_pages;
  constexpr std::size_t kAll = 64;
  return static_cast<unsigned>(std::bit_floor(
      std::clamp<std::size_t>(kAll / std::max<std::size_t>(nr_threads, 1), 4, kAll)));
}

Result<void> RecordSession::open_file() {
  auto writer = PerfDataWriter::create(options_.output_path, {.events = events_,
                                                              .command_line = command_line_,
                                                              .call_chain = options_.call_chain,
                                                              .inherit = options_.inherit});
  if (!writer) return writer.error();
  writer_.emplace(std::move(*writer));
  proc_ = std::make_unique<ProcRecords>(*writer_);
  const bool kernel = std::any_of(events_.begin(), events_.end(), [](const SampledEvent& event) {
    return (event.event.domains & kDomainKernel) != 0;
  });
  if (kernel) proc_->add_kernel();
  return {};
}

Result<void> RecordSession::start_command() {
  Sampler* sampler = nullptr;
  if (!options_.attaches()) {
    auto prepared = Sampler::prepare(events_, {.inherit = options_.inherit,
                                               .enable_on_exec = true,
                                               .call_chain = options_.call_chain,
                                               .buffer_pages = buffer_pages(1)});
    if (!prepared) return prepared.error();
    samplers_.push_back(std::move(*prepared));
    sampler = &samplers_.back();
  }
  const bool in_child = sampler != nullptr && sampler->configure_in_target();
  auto child = ChildProcess::spawn(
      options_.command,
      in_child ? ChildProcess::Setup([sampler] { return sampler->configure(0); }) : nullptr);
  if (!child) return child.error();
  child_.emplace(std::move(*child));
  if (sampler != nullptr && !in_child) {
    if (auto configured = sampler->configure(child_->pid()); !configured) return configured;
    if (auto mapped = sampler->map_buffer(); !mapped) return mapped;
  }
  return {};
}

// Of the command, before it is let go.
Result<void> RecordSession::watch_command() {
  if (options_.side_band != SideBandSource::kTrace) {
    side_band_ = std::make_unique<SideBand>();
    const int error = side_band_->add_thread(child_->pid());
    if (error == 0) return {};
    side_band_.reset();
    if (options_.side_band == SideBandSource::kKernel) {
      return make_error(
          Errc::kNoPermission, error,
          "the kernel tells nothing of the command's programs and libraries" + errno_text(error),
          "run as root, or leave --side-band out");
    }
  }
  tracer_ = std::make_unique<ExecTracer>(*proc_);
  if (const int error = tracer_->follow(child_->pid()); error != 0) {
    return make_error(Errc::kNoPermission, error, "cannot trace the command" + errno_text(error),
                      "run as root, or see kernel.yama.ptrace_scope");
  }
  if (!options_.quiet) {
    std::fprintf(stderr,
                 "perfctr: following the command with ptrace and /proc, to learn of its programs "
                 "and libraries.\n");
  }
  return {};
}

// Of threads that run already.
Result<void> RecordSession::watch_running(const std::vector<pid_t>& tids) {
  std::vector<pid_t> pids;
  for (const pid_t tid : tids) {
    const pid_t pid = status_number(tid, "Tgid:");
    if (pid != 0) pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  if (options_.side_band != SideBandSource::kTrace) {
    side_band_ = std::make_unique<SideBand>();
    int error = 0;
    for (const pid_t pid : pids) {
      // Whatever thread maps a library, all of the process have it.
      for (const pid_t tid : threads_of(pid)) {
        if (const int failed = side_band_->add_thread(tid); failed != 0 && failed != ESRCH) {
          error = failed;
        }
      }
    }
    if (error != 0) {
      side_band_.reset();
      if (options_.side_band == SideBandSource::kKernel) {
        return make_error(
            Errc::kNoPermission, error,
            "the kernel tells nothing of the processes' libraries" + errno_text(error),
            "run as root, or leave --side-band out");
      }
      if (!options_.quiet) {
        std::fprintf(stderr, "perfctr: looking into /proc now and then, to learn of libraries.\n");
      }
    }
  }
  // What was there before, after the events that tell of what comes.
  for (const pid_t pid : pids) proc_->add_process(pid);
  return {};
}

Result<void> RecordSession::attach_all() {
  std::vector<pid_t> tids = options_.tids;
  for (const int pid : options_.pids) {
    const auto threads = threads_of(pid);
    if (threads.empty()) {
      return make_error(Errc::kNoThread, 0, "there is no process " + std::to_string(pid),
                        "check the id with 'ps -e'", std::to_string(pid));
    }
    tids.insert(tids.end(), threads.begin(), threads.end());
  }
  std::sort(tids.begin(), tids.end());
  tids.erase(std::unique(tids.begin(), tids.end()), tids.end());
  if (auto watched = watch_running(tids); !watched) return watched;

  const SamplerOptions options{.inherit = options_.inherit,
                               .call_chain = options_.call_chain,
                               .buffer_pages = buffer_pages(tids.size())};
  for (const pid_t tid : tids) {
    auto sampler = attach_sampler(events_, options, tid);
    if (!sampler) {
      const Errc code = sampler.error().code;
      // Threads of a process come and go; one that came meanwhile may have
      // inherited already.
      const bool gone = code == Errc::kNoThread && options_.tids.empty();
      if (gone || (code == Errc::kBusy && options_.inherit && !samplers_.empty())) continue;
      Error error = sampler.error();
      if (code == Errc::kBusy) {
        error.message = "thread " + std::to_string(tid) + ": " + error.message;
      }
      return error;
    }
    samplers_.push_back(std::move(*sampler));
  }
  if (samplers_.empty()) {
    return make_error(Errc::kNoThread, 0, "the threads to sample have ended", "");
  }
  return {};
}

bool RecordSession::targets_alive() const {
  const auto alive = [](int id) { return is_alive(id); };
  return std::any_of(options_.pids.begin(), options_.pids.end(), alive) ||
         std::any_of(options_.tids.begin(), options_.tids.end(), alive);
}

std::vector<std::uint64_t> RecordSession::periods() const {
  std::vector<std::uint64_t> periods;
  for (unsigned i = 0; i < events_.size() && !samplers_.empty(); ++i) {
    periods.push_back(samplers_.front().period(i));
  }
  return periods;
}

void RecordSession::drain() {
  for (Sampler& sampler : samplers_) {
    std::vector<std::uint64_t> periods;
    for (unsigned i = 0; i < events_.size(); ++i) periods.push_back(sampler.period(i));
    auto drained =
        sampler.drain([&](const Sample& sample) { writer_->add_sample(sample, periods); },
                      [&](const LostSamples& lost) { writer_->add_lost(lost); });
    if (!drained && !failure_) failure_ = drained.error();
  }
}

// What was sampled before this call's begin is all drained at its end.  Records
// are held back for one more round: the kernel may write one of another CPU a
// little late.
Result<void> RecordSession::flush() {
  const std::uint64_t now_ns = monotonic_ns();
  drain();  // makes room first
  for (Sampler& sampler : samplers_) {
    if (auto total = sampler.total(); !total && !failure_) failure_ = total.error();
  }
  drain();
  if (side_band_) {
    side_band_->drain(*writer_);
  } else {
    proc_->add_new_mappings_of_all();
  }
  auto flushed = writer_->flush(flushed_ns_);
  flushed_ns_ = now_ns;
  return flushed;
}

void RecordSession::handle_signals() {
  siginfo_t info{};
  for (int signal; (signal = signals_.wait(0, &info)) > 0;) {
    if (signal == SIGCHLD) continue;
    if (child_) {
      Signals::forward(info, child_->pid());
    } else {
      interrupted_ = true;
    }
  }
}

void RecordSession::wait(int timeout_ms) {
  std::vector<pollfd> fds{{.fd = signals_.fd(), .events = POLLIN, .revents = 0}};
  for (const int fd : watched_) fds.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  if (::poll(fds.data(), fds.size(), timeout_ms) <= 0) return;
  bool full = false;
  for (std::size_t i = 1; i < fds.size(); ++i) {
    full |= fds[i].revents != 0;
    // All its threads have ended: it would wake us for ever.
    if ((fds[i].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) std::erase(watched_, fds[i].fd);
  }
  if (full) drain();
}

Result<void> RecordSession::wait_for_end() {
  for (const Sampler& sampler : samplers_) watched_.push_back(sampler.fd());
  std::uint64_t next_ns = 0;
  for (;;) {
    const std::uint64_t now_ns = monotonic_ns();
    if (now_ns >= next_ns) {
      if (auto flushed = flush(); !flushed) return flushed;
      if (failure_ && !child_) return {};
      if (!child_ && !targets_alive()) return {};
      next_ns = now_ns + kFlushEvery_ms * 1000000ull;
    }
    wait(static_cast<int>((next_ns - std::min(next_ns, monotonic_ns())) / 1000000 + 1));
    handle_signals();
    if (tracer_) tracer_->handle_events(*child_);
    if (child_ && (tracer_ ? child_->has_ended() : child_->poll())) return {};
    if (!child_ && interrupted_) return {};
  }
}

Result<RecordSummary> RecordSession::finish() {
  RecordSummary summary;
  for (Sampler& sampler : samplers_) {
    const auto total = sampler.total();
    if (!total) {
      if (!failure_) failure_ = total.error();
      continue;
    }
    summary.lost += total->buffer_lost;
    summary.throttled += total->throttled;
    for (const std::uint64_t missed : total->missed) summary.missed += missed;
    if (auto state = check_state(total->reading.state); !state) {
      summary.notes.push_back(state.error().sentence());
    } else if (total->reading.lost > 0) {
      summary.notes.push_back(std::to_string(total->reading.lost) +
                              " of the sampled threads lost counts; samples are missing");
    }
  }
  drain();
  drain();  // a buffer may have filled once more
  if (side_band_) {
    side_band_->drain(*writer_);
    if (side_band_->lost() > 0) {
      summary.notes.push_back(std::to_string(side_band_->lost()) +
                              " records of programs and libraries were lost; some samples will "
                              "have no symbol");
    }
  }
  if (auto finished = writer_->finish(); !finished) return finished.error();
  if (failure_) {
    if (writer_->samples() == 0) return *failure_;
    summary.notes.push_back(failure_->sentence());
  }
  summary.samples = writer_->samples();
  summary.size = writer_->size();
  summary.periods = periods();
  if (child_) summary.command_status = child_->exit_status();
  return summary;
}

Result<RecordSummary> RecordSession::run() {
  const auto record = [this]() -> Result<RecordSummary> {
    if (!options_.command.empty()) {
      if (auto started = start_command(); !started) return started.error();
    }
    if (auto opened = open_file(); !opened) return opened.error();
    if (options_.attaches()) {
      if (auto attached = attach_all(); !attached) return attached.error();
    } else if (auto watched = watch_command(); !watched) {
      return watched.error();
    }
    flushed_ns_ = monotonic_ns();
    if (child_) {
      if (auto released = child_->release(); !released) return released.error();
      Sampler* sampler = options_.attaches() ? nullptr : &samplers_.front();
      // Configured by the command's process: its buffer is there only now.
      if (sampler != nullptr && sampler->configure_in_target()) {
        if (auto mapped = sampler->map_buffer(); !mapped) return mapped.error();
      }
    }
    if (auto ended = wait_for_end(); !ended) return ended.error();
    return finish();
  };
  auto summary = record();
  // A file that is not whole is of no use.
  if (!summary && writer_) ::unlink(options_.output_path.c_str());
  return summary;
}

}  // namespace perfctr::cli
