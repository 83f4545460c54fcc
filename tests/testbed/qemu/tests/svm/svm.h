/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest in the same address space: its own VMCB and stack, no more. */
#ifndef SVM_H
#define SVM_H

#include "lib.h"

/* AMD64 Architecture Programmer's Manual volume 2, appendix B and C */
enum {
    EXIT_WRITE_CR0 = 0x10, EXIT_READ_CR0 = 0x00, EXIT_WRITE_DR7 = 0x37,
    EXIT_DB = 0x41, EXIT_UD = 0x46, EXIT_INTR = 0x60, EXIT_VINTR = 0x64, EXIT_RDTSC = 0x6e,
    EXIT_RDPMC, EXIT_PUSHF, EXIT_CPUID = 0x72, EXIT_SWINT = 0x75, EXIT_INVD,
    EXIT_PAUSE, EXIT_HLT, EXIT_IOIO = 0x7b, EXIT_MSR, EXIT_VMRUN = 0x80,
    EXIT_VMMCALL, EXIT_RDTSCP = 0x87, EXIT_WBINVD = 0x89, EXIT_XSETBV = 0x8d,
};

#define V_IRQ            (1u << 8)
#define V_PRIO(n)        ((n) << 16)
#define V_IGN_TPR        (1u << 20)
#define V_INTR_MASKING   (1u << 24)

#define INJECT_INTR      0x80000000u
#define INJECT_EXCEPTION 0x80000300u
#define INJECT_SOFTWARE  0x80000400u

struct segment {
    uint16_t selector, attributes;
    u32 limit;
    u64 base;
} __attribute__((packed));

struct vmcb {
    uint16_t cr_read, cr_write, dr_read, dr_write;
    u32 exceptions, general1, general2;
    char pad1[0x40 - 0x14];
    u64 iopm, msrpm, tsc_offset;
    u32 asid, tlb_control;
    u32 int_ctl, int_vector;
    u64 int_state;
    u64 exit_code, info1, info2, exit_int_info;
    u64 nested_ctl;
    char pad2[0xa8 - 0x98];
    u32 event_inj, event_inj_error;
    u64 nested_cr3, lbr_ctl, clean, next_rip;
    char pad3[0x400 - 0xd0];
    struct segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
    char pad4[0x4cb - 0x4a0];
    uint8_t cpl;
    u32 pad5;
    u64 efer;
    char pad6[0x548 - 0x4d8];
    u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
    char pad7[0x5d8 - 0x580];
    u64 rsp;
    char pad8[0x5f8 - 0x5e0];
    u64 rax;
    char pad9[0x1000 - 0x600];
} __attribute__((packed));

extern struct vmcb vmcb;
extern uint8_t msrpm[0x2000];

bool svm_on(void);
bool svm_next_rip(void);

/* A guest that starts at @code and exits for VMMCALL and these codes. */
void guest(const char *code);
void intercept(unsigned exit_code);
/* Lets it run until it exits. */
u64 enter(void);

void test_exits(void);
void test_events(void);
void test_breakpoints(void);

#endif
