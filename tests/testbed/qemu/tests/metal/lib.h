/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef METAL_LIB_H
#define METAL_LIB_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t u64;
typedef uint32_t u32;

struct frame {
    u64 rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11;
    u64 vector, error, rip, cs, rflags, rsp, ss;
};

/* Called for every interrupt; the default one is fatal. */
extern void (*handler)(struct frame *);

extern u64 page_table[512];
#define SMALL_PAGES 0x1000000ull

void machine_init(void);

void print(const char *format, ...);        /* %s %d %x, 64 bits each */
void check(bool ok, const char *name, ...);
#define EXPECT(name, got, want) expect(name, got, want, __LINE__)
void expect(const char *name, u64 got, u64 want, int line);
__attribute__((noreturn)) void finish(void);

static inline void outb(uint16_t port, uint8_t val)
{
    asm volatile("outb %0, %1" : : "a"(val), "Nd"(port));
}

static inline void outl(uint16_t port, u32 val)
{
    asm volatile("outl %0, %1" : : "a"(val), "Nd"(port));
}

static inline void cpuid(u32 leaf, u32 *a, u32 *b, u32 *c, u32 *d)
{
    asm volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d)
                 : "a"(leaf), "c"(0));
}

static inline u64 rdmsr(u32 msr)
{
    u32 lo, hi;

    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 val)
{
    asm volatile("wrmsr" : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32))
                 : "memory");
}

static inline u64 rdpmc(u32 index)
{
    u32 lo, hi;

    asm volatile("rdpmc" : "=a"(lo), "=d"(hi) : "c"(index));
    return (u64)hi << 32 | lo;
}

/* The vector of the exception that the access raises, or -1 */
int rdmsr_safe(u32 msr, u64 *val);
int wrmsr_safe(u32 msr, u64 val);
int rdpmc_safe(u32 index, u64 *val);
enum xstate_op { XSAVE, XSAVEOPT, XRSTOR, FXSAVE };
int xstate_safe(enum xstate_op op, void *area);     /* 64-byte aligned */

/* Runs @entry in ring 3 until it executes INT 0x80. */
void run_user(void (*entry)(void));

#endif
