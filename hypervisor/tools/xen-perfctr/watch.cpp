// SPDX-License-Identifier: GPL-2.0-only
#include "watch.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

extern "C" {
#include <xenstore.h>
}

namespace {

std::runtime_error failure(const std::string& what)
{
    return std::runtime_error("cannot " + what + ": " + std::strerror(errno));
}

// A connection to xenstore, which says when domains come.
class Xenstore final {
public:
    Xenstore() : xs_(xs_open(0))
    {
        if (!xs_ || !xs_watch(xs_, "@introduceDomain", "come"))
            throw failure("watch xenstore for new domains");
    }

    ~Xenstore()
    {
        if (xs_)
            xs_close(xs_);
    }

    Xenstore(const Xenstore&) = delete;
    Xenstore& operator=(const Xenstore&) = delete;

    int fd() const { return xs_fileno(xs_); }

    void take()
    {
        unsigned int count = 0;
        char** words = xs_read_watch(xs_, &count);

        if (!words)
            throw failure("hear from xenstore");
        std::free(words);
    }

private:
    xs_handle* xs_;
};

} // namespace

void watch_domains(const std::function<void()>& changed)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    if (sigprocmask(SIG_BLOCK, &signals, nullptr))
        throw failure("block signals");

    const int ends = signalfd(-1, &signals, SFD_CLOEXEC);
    if (ends < 0)
        throw failure("wait for signals");

    Xenstore xenstore;
    pollfd both[] = {{ends, POLLIN, 0}, {xenstore.fd(), POLLIN, 0}};

    // The watch fires once when it is set, so domains that are there count.
    for (;;) {
        if (poll(both, 2, -1) < 0 && errno != EINTR)
            throw failure("wait");
        if (both[0].revents)
            break;
        if (both[1].revents) {
            xenstore.take();
            changed();
        }
    }
    close(ends);
}
