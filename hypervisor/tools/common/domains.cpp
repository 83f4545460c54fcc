// SPDX-License-Identifier: GPL-2.0-only
#include "domains.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

extern "C" {
#include <xenctrl.h>
#include <xenstore.h>
}

namespace {

bool is_number(const std::string& text)
{
    return !text.empty() && text.size() < 6 &&
           text.find_first_not_of("0123456789") == std::string::npos;
}

} // namespace

Domains::Domains() : xc_(xc_interface_open(nullptr, nullptr, 0)), xs_(nullptr)
{
    if (!xc_)
        throw std::runtime_error(
            std::string("cannot talk to Xen: ") + std::strerror(errno) +
            "; run this as root in the control domain of Xen");
    xs_ = xs_open(0);
}

Domains::~Domains()
{
    if (xs_)
        xs_close(xs_);
    xc_interface_close(xc_);
}

// Names are known to xenstore only.
std::string Domains::name_of(uint32_t id)
{
    const std::string path = "/local/domain/" + std::to_string(id) + "/name";
    unsigned int length = 0;
    void* value =
        xs_ ? xs_read(xs_, XBT_NULL, path.c_str(), &length) : nullptr;
    const std::string name =
        value ? std::string(static_cast<char*>(value), length) : std::string();

    std::free(value);

    return name;
}

std::vector<Domain> Domains::all()
{
    std::vector<Domain> domains;
    xc_dominfo_t info[64];
    uint32_t next = 0;

    for (;;) {
        const int n = xc_domain_getinfo(xc_, next, std::size(info), info);

        if (n <= 0)
            break;
        for (int i = 0; i < n; i++) {
            Domain dom{info[i].domid, info[i].max_vcpu_id, {},
                       name_of(info[i].domid)};

            static_assert(sizeof(info[i].handle) == sizeof(dom.uuid));
            std::memcpy(dom.uuid.data(), info[i].handle, sizeof(dom.uuid));
            domains.push_back(dom);
        }
        next = info[n - 1].domid + 1u;
    }

    return domains;
}

// What looks like an id or a UUID is one, whatever domains are named.
Domain Domains::find(const std::string& text)
{
    const bool number = is_number(text);
    const std::optional<Uuid> uuid = parse_uuid(text);

    for (const Domain& dom : all())
        if (number ? dom.id == std::stoul(text)
                   : uuid ? dom.uuid == *uuid : dom.name == text)
            return dom;

    throw std::runtime_error(
        "no domain '" + text + "'; see 'xl list'" +
        (number || uuid || xs_ ? ""
                               : " (xenstore does not answer: use its id)"));
}
