/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt of an overflow comes at the boundary after the instruction
 * that overflows: its RIP is known for every start value.
 */
#include "pmu.h"

#define LVTPC  (*(volatile u32 *)0xfee00340)
#define EOI    (*(volatile u32 *)0xfee000b0)
#define ICR    (*(volatile u32 *)0xfee00300)
#define VECTOR 0xf0
#define OTHER  0x92
#define NMI    0x400
#define MASKED 0x10000

static struct {
    unsigned taken;
    u64 rip, rcx, value, status;
    u32 lvtpc;
} pmi;

/* The counter that overflows; read first, so its distance is constant. */
static u32 watched;

static void on_pmi(struct frame *f)
{
    u64 value = rdpmc(watched);

    pmi.value = value;
    pmi.taken++;
    pmi.rip = f->rip;
    pmi.rcx = f->rcx;
    pmi.status = rdmsr(pmu_global_status);
    pmi.lvtpc = LVTPC;
    if (f->vector == VECTOR) {
        EOI = 0;
    }
    wrmsr(pmu_global_ctrl, 0);
}

static void arm(u64 event, u64 distance, u32 modes, u32 lvt)
{
    pmu_off();
    pmi.taken = 0;
    LVTPC = lvt;
    wrmsr(EVTSEL(0), event | modes | INT | EN);
    wrmsr(FW_PMC(0), -distance & pmu.mask);
    watched = 0;
}

extern char nops[], spin[];

#define GO                                                              \
    "mov pmu_global_ctrl(%%rip), %%ecx\n\tmov $1, %%eax\n\t"         \
    "xor %%edx, %%edx\n\t"

static __attribute__((noinline, noclone)) void run_nops(void)
{
    asm volatile("sti\n\t" GO "wrmsr\n"
                 ".globl nops\nnops:\n\t.rept 200\n\tnop\n\t.endr\n\tcli"
                 : : : "rax", "rcx", "rdx", "memory");
}

static __attribute__((noinline, noclone)) void run_branches(void)
{
    asm volatile("sti\n\t" GO "wrmsr\n\tmov $300, %%ecx\n"
                 ".globl spin\nspin:\tdec %%ecx\n\tjnz spin\n\tcli"
                 : : : "rax", "rcx", "rdx", "memory");
}

static void test_position(u32 lvt)
{
    for (u64 k = 1; k <= 150; k++) {
        arm(EV_INSN, k, OS, lvt);
        run_nops();
        EXPECT("one interrupt", pmi.taken, 1);
        EXPECT("nops before it", pmi.rip - (u64)nops, k);
        EXPECT("status", pmi.status, 1);
        EXPECT("LVTPC", pmi.lvtpc, lvt | (pmu.amd ? 0 : MASKED));
        EXPECT("status after", rdmsr(pmu_global_status), 1);
    }
    for (u64 k = 1; k < 300; k += k < 40 ? 1 : 37) {
        arm(EV_BRANCH, k, OS, lvt);
        run_branches();
        EXPECT("one interrupt", pmi.taken, 1);
        EXPECT("rip of a branch's overflow", pmi.rip, (u64)spin);
        EXPECT("iterations before it", 300 - pmi.rcx, k);
    }
    for (u64 k = 1; k < 140; k++) {
        arm(EV_CYCLES, k, OS, lvt);
        run_nops();
        EXPECT("cycles: nops before it", pmi.rip - (u64)nops, k);
    }
}

/* Something of everything, in both rings; ends by INT 0x80. */
static char mixed_area[256] __attribute__((used));
asm("mixed_entry:\n\tnop\n\tnop\n\tsysretq\n"
    "mixed:\n\t"
    "mov $4, %ebx\n"
    "1:\tnop\n\tsyscall\n\t"
    "lea mixed_area(%rip), %rdi\n\tmov $30, %ecx\n\tmov $1, %eax\n\t"
    "rep stosb\n\t"
    "call 2f\n\tpush %rax\n\tpop %rax\n\tlock incl mixed_area(%rip)\n\t"
    "int $0x91\n\t"
    "xor %eax, %eax\n\tcpuid\n\tmov $4, %ecx\n"
    "3:\tloop 3b\n\t"
    "mov $4, %edx\n4:\tdec %edx\n\tjnz 4b\n\t"
    "test %ebx, %ebx\n\tjz 5f\n\tmov %ebp, %ebx\n\tdec %ebp\n\tjnz 1b\n"
    "5:\tint $0x80\n"
    "2:\tnop\n\tret\n"
    ".globl mixed_start\nmixed_start:\n\tmov $6, %ebp\n\tjmp mixed\n");
extern char mixed_start[], mixed_entry[];

static void mixed_handler(struct frame *f)
{
    if (f->vector == 2 || f->vector == VECTOR) {
        on_pmi(f);
    }
}

/*
 * The handler's distance from the interrupt is constant, so the counter that
 * overflowed shows how late the interrupt was.
 */
static void test_lateness(u32 modes)
{
    u64 first = 0, total;

    wrmsr(0xc0000082, (u64)mixed_entry);
    handler = mixed_handler;
    arm(EV_INSN, 1ull << 40, modes, NMI);
    wrmsr(pmu_global_ctrl, 1);
    run_user((void (*)(void))mixed_start);
    wrmsr(pmu_global_ctrl, 0);
    total = (rdpmc(0) + (1ull << 40)) & pmu.mask;
    check(total > 300, "the mixed program runs: %d", total);
    for (u64 k = 1; k + 10 < total; k++) {
        arm(EV_INSN, k, modes, NMI);
        wrmsr(pmu_global_ctrl, 1);
        run_user((void (*)(void))mixed_start);
        wrmsr(pmu_global_ctrl, 0);
        EXPECT("one interrupt", pmi.taken, 1);
        first = first ? first : pmi.value;
        check(pmi.value == (modes & OS ? first : 0),
              "overflow after %d: %d late, expected %d", k, pmi.value, first);
    }
}

static void test_freeze(void)
{
    u64 before;

    handler = on_pmi;
    for (u64 k = 1; k < 60; k++) {
        arm(EV_INSN, k, OS, VECTOR);
        wrmsr(FIXED_CTRL, 1);
        wrmsr(DEBUGCTL, 1u << 12);
        asm volatile("sti\n\tmov $0x38f, %%ecx\n\tmov $1, %%eax\n\t"
                     "mov $1, %%edx\n\twrmsr\n\t"
                     ".rept 100\n\tnop\n\t.endr\n\tcli"
                     : : : "rax", "rcx", "rdx", "memory");
        EXPECT("frozen at the overflow", pmi.value, 0);
        EXPECT("status", pmi.status, 1ull << 59 | 1);
        EXPECT("the other counter, too", rdmsr(FIXED(0)), k);
        wrmsr(GLOBAL_CTRL, 1ull << 32);
        EXPECT("still", rdmsr(FIXED(0)), k);
        wrmsr(STATUS_RESET, 1ull << 59);
        before = rdmsr(FIXED(0));
        check(rdmsr(FIXED(0)) > before, "counts again");
    }
}

static void test_no_interrupt(void)
{
    arm(EV_INSN, 50, OS, VECTOR | MASKED);
    run_nops();
    EXPECT("LVTPC masked: none", pmi.taken, 0);
    EXPECT("but the status", rdmsr(pmu_global_status), 1);

    arm(EV_INSN, 50, OS, VECTOR);
    wrmsr(EVTSEL(0), EV_INSN | OS | EN);
    run_nops();
    EXPECT("INT off: none", pmi.taken, 0);
    EXPECT("but the status", rdmsr(pmu_global_status), 1);
    wrmsr(pmu_global_ctrl, 0);

    arm(EV_INSN, 50, USR, VECTOR);
    run_nops();
    EXPECT("the other ring: none", pmi.taken, 0);
    EXPECT("no status", rdmsr(pmu_global_status), 0);
    wrmsr(pmu_global_ctrl, 0);

    /* The instruction that disables may overflow; hlt may, too. */
    for (u64 k = 1; k < 8; k++) {
        arm(EV_INSN, k, OS, VECTOR);
        asm volatile("sti\n\t" GO "wrmsr\n\tnop\n\tnop\n\txor %%eax, %%eax\n\t"
                     "wrmsr\n\tnop\n\tnop\n\tcli"
                     : : : "rax", "rcx", "rdx", "memory");
        EXPECT("an overflow by the disabling instruction", pmi.taken, k <= 4);
    }
    arm(EV_INSN, 3, OS, VECTOR);
    asm volatile("sti\n\t" GO "wrmsr\n\tnop\n\tnop\n\thlt\n\tcli"
                 : : : "rax", "rcx", "rdx", "memory");
    EXPECT("hlt ends by its own overflow", pmi.taken, 1);
}

/* Another interrupt waits at the overflow's boundary: the overflow's is first. */
static struct {
    unsigned taken, before;
    u64 rip;
} other;

static void on_either(struct frame *f)
{
    if (f->vector == OTHER) {
        other.taken++;
        other.before = pmi.taken;
        other.rip = f->rip;
        EOI = 0;
    } else {
        on_pmi(f);
    }
}

extern char at_once[];

static __attribute__((noinline, noclone)) void run_sti(void)
{
    asm volatile("cli\n\t" GO "wrmsr\n\tsti\n\tnop\n"
                 ".globl at_once\nat_once:\n\tnop\n\tcli"
                 : : : "rax", "rcx", "rdx", "memory");
}

static void test_order(u32 lvt)
{
    handler = on_either;
    for (int i = 0; i < 3; i++) {
        arm(EV_INSN, 2, OS, lvt);
        other.taken = 0;
        ICR = OTHER | 0x40000;  /* to itself */
        run_sti();
        EXPECT("both are taken", pmi.taken + other.taken, 2);
        EXPECT("the overflow's is first", other.before, 1);
        EXPECT("where it is taken", pmi.rip, (u64)at_once);
        EXPECT("where the other one is taken", other.rip, (u64)at_once);
    }
    handler = on_pmi;
}

static void test_models(void)
{
    static char area[64 << 10] __attribute__((aligned(4096)));

    for (u64 k = 1; k < 100; k += 9) {
        arm(EV_LLC_REF, k, OS, VECTOR);
        asm volatile("sti\n\t" GO "wrmsr\n\tlea %0, %%rax\n\t"
                     "mov $200, %%ecx\n1:\tmov (%%rax), %%dl\n\t"
                     "add $64, %%rax\n\tdec %%ecx\n\tjnz 1b\n\tcli"
                     : : "m"(area) : "rax", "rcx", "rdx", "memory");
        wrmsr(pmu_global_ctrl, 0);
        check(pmi.taken <= 1, "at most one interrupt of the cache model");
        asm volatile("" : : "r"(area) : "memory");
    }
}

void test_overflow(void)
{
    void (*saved)(struct frame *) = handler;

    *(volatile u32 *)0xfee000f0 = 0x1ff;
    handler = on_pmi;
    test_position(VECTOR);
    test_position(NMI);
    test_lateness(OS | USR);
    if (!pmu.amd) {
        test_freeze();
    }
    handler = on_pmi;
    test_no_interrupt();
    test_order(VECTOR);
    test_order(NMI);
    test_models();
    handler = saved;
    pmu_off();
}
