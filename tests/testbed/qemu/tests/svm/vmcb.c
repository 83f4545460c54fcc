/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "svm.h"

#define EFER     0xc0000080
#define EFER_SVME (1u << 12)
#define HSAVE_PA 0xc0010117

struct vmcb vmcb __attribute__((aligned(4096)));
uint8_t msrpm[0x2000] __attribute__((aligned(4096)));
static uint8_t iopm[0x3000] __attribute__((aligned(4096)));
static char hsave[4096] __attribute__((aligned(4096)));
static char stack[16384] __attribute__((aligned(16)));

_Static_assert(__builtin_offsetof(struct vmcb, int_ctl) == 0x60, "");
_Static_assert(__builtin_offsetof(struct vmcb, event_inj) == 0xa8, "");
_Static_assert(__builtin_offsetof(struct vmcb, next_rip) == 0xc8, "");
_Static_assert(__builtin_offsetof(struct vmcb, efer) == 0x4d0, "");
_Static_assert(__builtin_offsetof(struct vmcb, rip) == 0x578, "");
_Static_assert(__builtin_offsetof(struct vmcb, rax) == 0x5f8, "");

bool svm_on(void)
{
    u32 a, b, c, d;

    cpuid(0x80000001, &a, &b, &c, &d);
    if (!(c & 4)) {
        return false;
    }
    wrmsr(EFER, rdmsr(EFER) | EFER_SVME);
    wrmsr(HSAVE_PA, (u64)hsave);
    return true;
}

bool svm_next_rip(void)
{
    u32 a, b, c, d;

    cpuid(0x8000000a, &a, &b, &c, &d);
    return d & 8;
}

static u64 read_table(bool idt, uint16_t *limit)
{
    struct {
        uint16_t limit;
        u64 base;
    } __attribute__((packed)) t;

    if (idt) {
        asm volatile("sidt %0" : "=m"(t));
    } else {
        asm volatile("sgdt %0" : "=m"(t));
    }
    *limit = t.limit;
    return t.base;
}

void intercept(unsigned code)
{
    if (code < 0x10) {
        vmcb.cr_read |= 1u << code;
    } else if (code < 0x20) {
        vmcb.cr_write |= 1u << (code - 0x10);
    } else if (code < 0x40) {
        vmcb.dr_write |= 1u << (code - 0x30);
    } else if (code < 0x60) {
        vmcb.exceptions |= 1u << (code - 0x40);
    } else if (code < 0x80) {
        vmcb.general1 |= 1u << (code - 0x60);
    } else {
        vmcb.general2 |= 1u << (code - 0x80);
    }
}

void guest(const char *code)
{
    uint16_t limit;

    __builtin_memset(&vmcb, 0, sizeof(vmcb));
    intercept(EXIT_VMRUN);
    intercept(EXIT_VMMCALL);
    vmcb.asid = 1;
    vmcb.msrpm = (u64)msrpm;
    vmcb.iopm = (u64)iopm;
    vmcb.cs = (struct segment){ 0x08, 0xa9b, ~0u, 0 };
    vmcb.ss = (struct segment){ 0x10, 0xc93, ~0u, 0 };
    vmcb.ds = vmcb.es = vmcb.ss;
    vmcb.gdtr.base = read_table(false, &limit);
    vmcb.gdtr.limit = limit;
    vmcb.idtr.base = read_table(true, &limit);
    vmcb.idtr.limit = limit;
    vmcb.efer = rdmsr(EFER);
    asm volatile("mov %%cr0, %0" : "=r"(vmcb.cr0));
    asm volatile("mov %%cr3, %0" : "=r"(vmcb.cr3));
    asm volatile("mov %%cr4, %0" : "=r"(vmcb.cr4));
    vmcb.dr6 = 0xffff0ff0;
    vmcb.dr7 = 0x400;
    vmcb.rflags = 2;
    vmcb.rip = (u64)code;
    vmcb.rsp = (u64)stack + sizeof(stack) - 64;
    vmcb.next_rip = 0x5a5a;     /* every exit replaces it */
}

/* As hypervisors do it: STI right before VMRUN lets interrupts cause exits. */
u64 enter(void)
{
    asm volatile("clgi\n\tpush %%rbp\n\tpush %%rbx\n\tsti\n\tvmrun\n\t"
                 "cli\n\tpop %%rbx\n\tpop %%rbp\n\tstgi"
                 : : "a"(&vmcb)
                 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
                   "r12", "r13", "r14", "r15", "memory", "cc");
    return vmcb.exit_code;
}
