// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <xen/perfctr.h>    // needs <cstdint>

struct xencall_handle;

// A failed hypercall: what was observed, the probable cause, and what helps.
class HypercallError final : public std::runtime_error {
public:
    explicit HypercallError(int error);

    // Because of the domain asked about; others may do.
    bool about_domain() const { return about_domain_; }

private:
    bool about_domain_;
};

// The control operations of the hypercall.
class Hypercall final {
public:
    Hypercall();
    ~Hypercall();
    Hypercall(const Hypercall&) = delete;
    Hypercall& operator=(const Hypercall&) = delete;

    xen_perfctr_policy policy(uint32_t domid);
    // When it throws, bad_field tells what is wrong with the policy, or is 0.
    void set_policy(uint32_t domid, xen_perfctr_policy& policy);
    xen_perfctr_vcpu_stats stats(uint32_t domid, uint32_t vcpu);

private:
    void call(unsigned int operation, void* argument, size_t size);

    xencall_handle* handle_;
};
