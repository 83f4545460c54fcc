// SPDX-License-Identifier: GPL-2.0-only
#include "store.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& what, const fs::path& place)
{
    throw std::runtime_error("cannot " + what + " " + place.string() + ": " +
                             std::strerror(errno));
}

// Complete on the disk before it gets its name: a crash leaves old or new.
void write_file(const fs::path& place, const std::string& text)
{
    const fs::path fresh = place.string() + ".new";
    const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                        0644);

    if (fd < 0)
        fail("write", fresh);

    const ssize_t done = write(fd, text.data(), text.size());
    const bool good = done == static_cast<ssize_t>(text.size()) && !fsync(fd);
    const int error = errno;

    close(fd);
    if (!good || std::rename(fresh.c_str(), place.c_str())) {
        if (!good)
            errno = error;
        const int cause = errno;
        unlink(fresh.c_str());
        errno = cause;
        fail("write", place);
    }
}

} // namespace

Store::Store(fs::path directory) : directory_(std::move(directory)) {}

fs::path Store::place(const Uuid& uuid) const
{
    return directory_ / (to_string(uuid) + ".conf");
}

std::optional<PolicyChange> Store::load(const Uuid& uuid, Vendor vendor) const
{
    std::ifstream file(place(uuid));
    std::ostringstream text;

    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::nullopt;
        fail("read", place(uuid));
    }
    text << file.rdbuf();
    if (file.bad())
        fail("read", place(uuid));

    return parse_policy_file(text.str(), place(uuid).string(), vendor);
}

void Store::save(const Uuid& uuid, const std::string& name,
                 const xen_perfctr_policy& policy, Vendor vendor) const
{
    std::string comment = name;

    for (char& c : comment)
        if (static_cast<unsigned char>(c) < 0x20)
            c = '?';

    fs::create_directories(directory_);
    write_file(place(uuid), "# xen-perfctr: policy of domain " + comment +
                                "\n" + policy_file(policy, vendor));
}

bool Store::remove(const Uuid& uuid) const
{
    return fs::remove(place(uuid));
}
