/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small test frame, and a world to test in: see world.c.
 */
#ifndef TEST_H
#define TEST_H

#include "private.h"

/* One case of a test: everything that CHECK()s until the next one. */
void test_case(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void test_check(bool ok, const char *what, const char *file, int line);
void test_equal(uint64_t is, uint64_t should, const char *what,
                const char *file, int line);
#define CHECK(x)        test_check(x, #x, __FILE__, __LINE__)
#define EQUAL(is, should) \
    test_equal((uint64_t)(is), (uint64_t)(should), #is, __FILE__, __LINE__)

void test_config(void);
void test_amd(void);
void test_amd_config(void);
void test_hvm(void);
void test_hvm_sample(void);
void test_emulated(void);
void test_boot(void);
void test_handles(void);
void test_pages(void);
void test_apply(void);
void test_switch(void);
void test_overflow(void);
void test_sample(void);
void test_throttle(void);
void test_sample_random(void);
void test_ring(void);
void test_op(void);
void test_policy_rules(void);
void test_race(void);

/* -------------------------------------------------------------- world */

#define SEL(code)  ((uint64_t)(code))
#define CYCLES     0x003c
#define INSNS      0x00c0
#define BRANCHES   0x00c4
#define MISPRED    0x00c5
#define LLC_MISS   0x412e
#define REF_TSC    0x0300
#define U          XEN_PERFCTR_DOM_USER
#define K          XEN_PERFCTR_DOM_KERNEL
#define HYP        XEN_PERFCTR_DOM_HYP

/* A machine with perfctr on and three domains; frames 0.. are domain 0's. */
void world_new(void);
/* Likewise on another machine; domains 0 and 1 are HVM ones, if wished. */
enum machine { SKYLAKE, ZEN, ZEN_V2 };
void world_new_on(enum machine machine, bool hvm);
/* Domain d's VCPU n, and its page once it is registered. */
struct vcpu *vcpu(unsigned int d, unsigned int n);
struct xen_perfctr_vcpu_page *page(const struct vcpu *v);

/* Let a VCPU run on a CPU instead of what runs there; NULL is the idle one. */
void run_on(unsigned int cpu, struct vcpu *v);
/*
 * The HVM VCPU on emul_cpu enters the guest, to run in a ring, and leaves it at
 * an address: in one go, or so that there is time for an interrupt.
 */
void vm_enter(unsigned int cpl);
void vm_exit(uint64_t rip);
void vm_leave(uint64_t rip);
void vm_left(void);
/* Would RDPMC in the VCPU's user mode work? */
bool guest_can_rdpmc(const struct vcpu *v);
/* The VCPU on emul_cpu crosses. */
void to_user(void);
void to_kernel(void);

/* A hypercall of the VCPU on emul_cpu. */
long op(unsigned int cmd, void *arg);
/* Register a page for it (frame), without a time record. */
int register_page(unsigned int frame);
/* Create a configuration of n u-counters (or with a domain); the handle. */
uint32_t create(unsigned int n, const uint64_t *events, uint32_t domain);
/* Likewise of sampling counters; flags are XEN_PERFCTR_CONFIG_*. */
uint32_t create_sampling(unsigned int n, const uint64_t *events,
                         uint32_t domain, uint64_t period, uint32_t flags);
/* Register frames first .. first + nr - 1 as its ring. */
int register_ring(unsigned int first, unsigned int nr);
/* Record n of domain 0's VCPU 0, whose ring begins at RING_FRAME. */
#define RING_FRAME 8
const struct xen_perfctr_sample *record(uint32_t n);
/* The overflow interrupt, in the guest or in Xen. */
void interrupt_guest(void);
void interrupt_xen(void);
/* Write the request line, with all start values the same, and go to user. */
void request(uint32_t handle, uint64_t start);
void request_and_go(uint32_t handle, uint64_t start);
/* Domain d's VCPU 0 counts in its user mode on CPU 0, and is there. */
void start_user(unsigned int d, unsigned int n, const uint64_t *events,
                uint32_t domain);

#endif /* TEST_H */
