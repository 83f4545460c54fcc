// SPDX-License-Identifier: GPL-2.0-only
#include "hypercall.hpp"

#include <cerrno>
#include <cstring>
#include <string>

extern "C" {
#include <xencall.h>
}

namespace {

std::string explain(int error)
{
    switch (error) {
    case ENOSYS:
        return "this Xen has no paravirtual performance counters; boot one "
               "with the perfctr patches";
    case ENODEV:
        return "performance counters are off in Xen; add 'perfctr' to its "
               "command line, and see 'xl dmesg | grep perfctr' if it is there";
    case EOPNOTSUPP:
        return "not available for this domain: 32-bit PV, HVM with nested "
               "virtualisation, or HVM on a CPU that Xen cannot share";
    case EPERM:
    case EACCES:
        return "not permitted; run this as root in the control domain";
    case ESRCH:
        return "no such domain; see 'xl list'";
    case ENOENT:
        return "no such VCPU";
    case EINVAL:
        return "Xen does not understand this tool: they come from different "
               "versions";
    default:
        return std::string("hypercall failed: ") + std::strerror(error);
    }
}

} // namespace

HypercallError::HypercallError(int error)
    : std::runtime_error(explain(error)),
      about_domain_(error == EOPNOTSUPP || error == ESRCH)
{
}

Hypercall::Hypercall() : handle_(xencall_open(nullptr, 0))
{
    if (!handle_)
        throw std::runtime_error(
            std::string("cannot make hypercalls: ") + std::strerror(errno) +
            "; run this as root in the control domain of Xen");
}

Hypercall::~Hypercall()
{
    xencall_close(handle_);
}

// The argument has to lie in memory that stays where it is.
void Hypercall::call(unsigned int operation, void* argument, size_t size)
{
    void* buffer = xencall_alloc_buffer(handle_, size);

    if (!buffer)
        throw HypercallError(errno);

    std::memcpy(buffer, argument, size);
    const int rc = xencall2(handle_, XEN_PERFCTR_HYPERCALL, operation,
                            reinterpret_cast<uint64_t>(buffer));
    const int error = errno;
    std::memcpy(argument, buffer, size);
    xencall_free_buffer(handle_, buffer);

    if (rc < 0)
        throw HypercallError(error);
}

xen_perfctr_policy Hypercall::policy(uint32_t domid)
{
    xen_perfctr_policy policy{};

    policy.size = sizeof(policy);
    policy.domid = domid;
    call(XEN_PERFCTR_OP_policy_get, &policy, sizeof(policy));

    return policy;
}

void Hypercall::set_policy(uint32_t domid, xen_perfctr_policy& policy)
{
    policy.size = sizeof(policy);
    policy.domid = domid;
    policy.bad_field = policy.bad_event = 0;
    call(XEN_PERFCTR_OP_policy_set, &policy, sizeof(policy));
}

xen_perfctr_vcpu_stats Hypercall::stats(uint32_t domid, uint32_t vcpu)
{
    xen_perfctr_vcpu_stats stats{};

    stats.size = sizeof(stats);
    stats.domid = domid;
    stats.vcpu = vcpu;
    call(XEN_PERFCTR_OP_vcpu_stats, &stats, sizeof(stats));

    return stats;
}
