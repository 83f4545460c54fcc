// SPDX-License-Identifier: GPL-2.0-only
#include "domains.hpp"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

extern "C" {
#include <xenctrl.h>
#include <xenstore.h>
}

Domains::Domains() : xc_(xc_interface_open(nullptr, nullptr, 0))
{
    if (!xc_)
        throw std::runtime_error(
            std::string("cannot talk to Xen: ") + std::strerror(errno) +
            "; run this as root in the control domain of Xen");
}

Domains::~Domains()
{
    xc_interface_close(xc_);
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
        for (int i = 0; i < n; i++)
            domains.push_back({info[i].domid, info[i].max_vcpu_id});
        next = info[n - 1].domid + 1u;
    }

    return domains;
}

// Names are known to xenstore only.
uint32_t Domains::id_of(const std::string& name)
{
    xs_handle* xs = xs_open(0);

    if (!xs)
        throw std::runtime_error("cannot look up the name '" + name +
                                 "': xenstore does not answer; use an id");

    for (const Domain& dom : all()) {
        const std::string path =
            "/local/domain/" + std::to_string(dom.id) + "/name";
        unsigned int length = 0;
        void* value = xs_read(xs, XBT_NULL, path.c_str(), &length);
        const bool same =
            value && name == std::string(static_cast<char*>(value), length);

        std::free(value);
        if (same) {
            xs_close(xs);
            return dom.id;
        }
    }

    xs_close(xs);
    throw std::runtime_error("no domain '" + name + "'; see 'xl list'");
}

Domain Domains::find(const std::string& text)
{
    const bool number = !text.empty() && text.size() < 6 &&
        text.find_first_not_of("0123456789") == std::string::npos;
    const uint32_t id =
        number ? static_cast<uint32_t>(std::stoul(text)) : id_of(text);
    xc_dominfo_t info;

    if (xc_domain_getinfo(xc_, id, 1, &info) != 1 || info.domid != id)
        throw std::runtime_error("no domain " + text + "; see 'xl list'");

    return {id, info.max_vcpu_id};
}
