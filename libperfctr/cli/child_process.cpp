// SPDX-License-Identifier: LGPL-2.1-or-later
#include "child_process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace perfctr::cli {
namespace {

Error system_error(const std::string& message, int error) {
  return Error{.code = Errc::kSystem,
               .sys_errno = error,
               .message = message + " (" + std::strerror(error) + ")",
               .remedy = {},
               .subject = {}};
}

bool write_all(int fd, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

std::string read_all(int fd) {
  std::string text;
  char buffer[512];
  for (;;) {
    const ssize_t size = ::read(fd, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
  }
}

// An Error on its way through a pipe: two numbers and three strings, each with
// its terminator.
struct Header {
  Errc code;
  int sys_errno;
};

void send_error(int fd, const Error& error) {
  const Header header{error.code, error.sys_errno};
  write_all(fd, &header, sizeof(header));
  for (const std::string* text : {&error.message, &error.remedy, &error.subject}) {
    write_all(fd, text->c_str(), text->size() + 1);
  }
}

Error receive_error(const std::string& bytes) {
  Error error;
  Header header{};
  if (bytes.size() < sizeof(header))
    return system_error("the command's process died early", ECHILD);
  std::memcpy(&header, bytes.data(), sizeof(header));
  error.code = header.code;
  error.sys_errno = header.sys_errno;
  std::size_t at = sizeof(header);
  for (std::string* text : {&error.message, &error.remedy, &error.subject}) {
    if (at >= bytes.size()) break;
    *text = bytes.c_str() + at;
    at += text->size() + 1;
  }
  return error;
}

Error exec_error(const std::string& program, int error) {
  const bool missing = error == ENOENT || error == ENOTDIR;
  return Error{.code = Errc::kBadArgument,
               .sys_errno = error,
               .message = "cannot " + std::string(missing ? "find" : "run") + " the command '" +
                          program + "' (" + std::strerror(error) + ")",
               .remedy = missing ? "check its name and PATH" : "check its permissions and format",
               .subject = program};
}

[[noreturn]] void run_child(const std::vector<std::string>& command,
                            const ChildProcess::Setup& setup, int go, int news) {
  char byte;
  ssize_t got;
  do {
    got = ::read(go, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(0);  // the parent gave up

  if (setup) {
    if (const auto result = setup(); !result) {
      send_error(news, result.error());
      ::_exit(1);
    }
  }
  // The parent's handling of signals is not the command's.
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv.front(), argv.data());
  send_error(news, exec_error(command.front(), errno));
  ::_exit(127);
}

}  // namespace

Result<ChildProcess> ChildProcess::spawn(const std::vector<std::string>& command,
                                         const Setup& setup) {
  int go[2], news[2];
  if (::pipe2(go, O_CLOEXEC) < 0) return system_error("cannot make a pipe", errno);
  ScopedFd go_read(go[0]), go_write(go[1]);
  if (::pipe2(news, O_CLOEXEC) < 0) return system_error("cannot make a pipe", errno);
  ScopedFd news_read(news[0]), news_write(news[1]);

  const pid_t pid = ::fork();
  if (pid < 0) return system_error("cannot create a process", errno);
  if (pid == 0) {
    // Else the child would hold its own pipe open.
    go_write.close();
    run_child(command, setup, go_read.get(), news_write.get());
  }
  return ChildProcess(pid, std::move(go_write), std::move(news_read));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      go_(std::move(other.go_)),
      news_(std::move(other.news_)),
      ended_(other.ended_),
      status_(other.status_),
      usage_(other.usage_) {}

ChildProcess::~ChildProcess() {
  go_.close();
  if (pid_ > 0) wait();
}

Result<void> ChildProcess::release() {
  const char byte = 1;
  write_all(go_.get(), &byte, 1);
  go_.close();
  const std::string bytes = read_all(news_.get());
  if (bytes.empty()) return {};
  wait();
  return receive_error(bytes);
}

bool ChildProcess::reap(int flags) {
  pid_t pid;
  do {
    pid = ::wait4(pid_, &status_, flags, &usage_);
  } while (pid < 0 && errno == EINTR);
  ended_ = pid != 0;
  return ended_;
}

bool ChildProcess::poll() { return ended_ || reap(WNOHANG); }

void ChildProcess::wait() {
  if (!ended_) reap(0);
}

void ChildProcess::ended(int status, const rusage& usage) noexcept {
  ended_ = true;
  status_ = status;
  usage_ = usage;
}

int ChildProcess::exit_status() const noexcept {
  return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
}

}  // namespace perfctr::cli
