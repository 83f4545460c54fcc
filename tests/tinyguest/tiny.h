/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tiny.h - a guest without an operating system: hypercalls, console, checks
 *
 * Everything is mapped where it is: a virtual address is a pseudo-physical one.
 */
#ifndef TINY_H
#define TINY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/hvm/params.h>
#include <xen/hvm/hvm_op.h>
#include <public/perfctr.h>

#define PAGE 4096
#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))
#define __section_page __attribute__((aligned(PAGE)))

/* Positive numbers as Linux and Xen have them. */
#define EPERM 1
#define ENOENT 2
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENOSPC 28
#define EOPNOTSUPP 95

/* What Xen writes lies in a page of which nothing else is used. */
union vcpu_page {
    struct xen_perfctr_vcpu_page page;
    uint8_t bytes[PAGE];
} __section_page;

/* boot.c */
extern bool pvh;
extern const char *options;
extern start_info_t *info;
bool option(const char *name);
void crash(void) __attribute__((noreturn));
uint64_t frame(const void *va);		/* as hypercalls name it */
void set_pte(void *va, uint64_t pte);	/* PV only; 0: not mapped */
#define PTE_READ_ONLY 0x1
#define PTE_READ_WRITE 0x3
uint64_t pte(const void *va, uint64_t flags);

/* console.c */
void console_init(void);
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void flush(void);
void yield(void);			/* the CPU to another VCPU */
void power_off(void) __attribute__((noreturn));
void expect(const char *name, long got, long want);
extern const char *about;
void check(const char *what, long got, long want);
extern unsigned int good, bad;

/* sweep.c, pages.c */
void sweep(void);
void pages(void);
void refused(void);
void storm(void);			/* returns in the life after a soft reset */

/* yield.c */
void yields(void);

/* start.S */
int rdpmc(uint32_t index, uint64_t *value);
int wrmsr(uint32_t index, uint64_t value);
extern char hypercall_page[PAGE];
extern uint64_t resume, fault_ip;
extern char on_fault_pv[], on_fault_code_hvm[], on_fault_hvm[];

/* Five arguments are enough. */
static inline long hypercall(unsigned int nr, unsigned long a, unsigned long b,
                             unsigned long c, unsigned long d)
{
    long ret;
    register unsigned long r10 __asm__("r10") = d;

    __asm__ volatile("call *%[entry]"
                     : "=a"(ret), "+D"(a), "+S"(b), "+d"(c), "+r"(r10)
                     : [entry] "r"(hypercall_page + nr * 32)
                     : "memory", "cc", "rcx", "r8", "r9", "r11");
    return ret;
}

static inline long perfctr_op(unsigned int op, void *arg)
{
    return hypercall(XEN_PERFCTR_HYPERCALL, op, (unsigned long)arg, 0, 0);
}

void *memset(void *to, int c, unsigned long n);
void *memcpy(void *to, const void *from, unsigned long n);
int strcmp(const char *a, const char *b);

#endif
