/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of code whose counts are known, in ring 0.  Every expectation is
 * derived by hand and stands beside the code.
 */
#include "pmu.h"
#include <stddef.h>

struct counts {
    u64 insn, branch, cond, call, ret, not_taken, far, loads, stores;
    u64 rep;                    /* iterations: only for the cycles */
    u64 taken, cycles, ref;     /* follow from the others */
};
#define WHAT(field)  (offsetof(struct counts, field) / sizeof(u64))

struct event {
    u64 code;
    unsigned what;
};
static const struct event intel_events[] = {
    { 0x00c4, WHAT(branch) }, { 0x01c4, WHAT(cond) }, { 0x02c4, WHAT(call) },
    { 0x08c4, WHAT(ret) }, { 0x10c4, WHAT(not_taken) }, { 0x40c4, WHAT(far) },
    { 0x81d0, WHAT(loads) }, { 0x82d0, WHAT(stores) },
};
/* Six counters, one of them for instructions: in two rounds */
static const struct event amd_events[2][5] = {
    { { 0xc2, WHAT(branch) }, { 0xd1, WHAT(cond) }, { 0xc8, WHAT(ret) },
      { 0xc6, WHAT(far) }, { 0x76, WHAT(cycles) } },
    { { 0x129, WHAT(loads) }, { 0x229, WHAT(stores) }, { 0xc4, WHAT(taken) },
      { 0x100000120, WHAT(ref) }, { 0xc2, WHAT(branch) } },
};
static const struct event *events;
static int nr_events;

static void program(int round)
{
    u64 codes[8];

    events = pmu.amd ? amd_events[round & 1] : intel_events;
    nr_events = pmu.amd ? 5 : 8;
    for (int i = 0; i < nr_events; i++) {
        codes[i] = events[i].code;
    }
    pmu_program(codes, nr_events, OS | USR);
}

static void compare(const char *name, struct counts want)
{
    u64 near_taken = want.branch - want.not_taken - want.far;
    const u64 *w = &want.insn;

    want.insn += COUNT_OVERHEAD;
    want.taken = near_taken + want.far;
    want.cycles = want.insn + near_taken + 10 * want.far + want.rep;
    want.ref = want.cycles / 2;
    expect(name, pmu_insns(), want.insn, 0);
    if (!pmu.amd) {
        expect(name, rdmsr(FIXED(1)), want.cycles, 1);
        expect(name, rdmsr(FIXED(2)), want.ref, 2);
    }
    for (int i = 0; i < nr_events; i++) {
        expect(name, rdmsr(PMC(i)), w[events[i].what], 10 + i);
    }
}

#define CASE(name, code, ...)                           \
    do {                                                \
        for (int times = 0; times < 4; times++) {       \
            program(times);                             \
            COUNT(code, "m"(data));                     \
            compare(name, (struct counts) __VA_ARGS__); \
        }                                               \
    } while (0)

static u64 data[64] __attribute__((used, aligned(64)));

/* Gates of their own, so that every instruction of the handler is known. */
extern char gate_iretq[], gate_skip2[], gate_map[], gate_eoi[];
asm(".balign 16\n"
    "gate_iretq: iretq\n"
    "gate_skip2: addq $2, (%rsp)\n\tiretq\n"
    "gate_map: add $8, %rsp\n\tmovq $0x1001007, page_table + 8\n\tiretq\n"
    "gate_eoi: mov $0xfee000b0, %eax\n\tmovl $0, (%rax)\n\tiretq\n");

static void set_gate(int vector, char *at)
{
    struct {
        uint16_t limit;
        u64 base;
    } __attribute__((packed)) idtr;
    u64 *entry, a = (u64)at;

    asm volatile("sidt %0" : "=m"(idtr));
    entry = (u64 *)idtr.base + 2 * vector;
    entry[0] = (a & 0xffff) | 0x08ull << 16 | 0xee00ull << 32 |
               (a >> 16 & 0xffff) << 48;
    entry[1] = a >> 32;
}

static void unmap(void)
{
    page_table[1] = 0;
    asm volatile("invlpg (%0)" : : "r"(SMALL_PAGES + 0x1000) : "memory");
}

static void test_plain(void)
{
    CASE("nothing", "", { });
    CASE("nops", ".rept 1000\n\tnop\n\t.endr\n\t", { .insn = 1000 });
    CASE("loop", "mov $1000, %%ecx\n1:\tdec %%ecx\n\tjnz 1b\n\t",
         { .insn = 2001, .branch = 1000, .cond = 1000, .not_taken = 1 });
    CASE("loop instruction", "mov $50, %%ecx\n1:\tnop\n\tloop 1b\n\t",
         { .insn = 101, .branch = 50, .cond = 50, .not_taken = 1 });
    CASE("jrcxz", "xor %%ecx, %%ecx\n\tjrcxz 1f\n1:\tinc %%ecx\n\t"
         "jrcxz 1f\n1:\t",
         { .insn = 4, .branch = 2, .cond = 2, .not_taken = 1 });
    CASE("call, jump, return",
         "call 1f\n\tjmp 2f\n1:\tret\n2:\tlea 3f(%%rip), %%rax\n\t"
         "call *%%rax\n\tjmp *4f(%%rip)\n3:\tret $0\n"
         "4:\t.quad 5f\n5:\t",
         { .insn = 7, .branch = 6, .call = 2, .ret = 2, .loads = 3,
           .stores = 2 });
    CASE("memory",
         "mov %0, %%rax\n\tmov %%rax, %0\n\taddq $1, %0\n\t"
         "lock addq $1, %0\n\txchg %%rax, %0\n\tcmp %%rax, %0\n\t"
         "push %0\n\tpop %0\n\tlea %0, %%rax\n\tprefetcht0 %0\n\t"
         "nopl %0\n\tlock cmpxchg %%rbx, %0\n\tbtsq $3, %0\n\t"
         "movups %%xmm0, %0\n\tmovups %0, %%xmm0\n\tenter $16, $0\n\tleave\n\t",
         /* mov st rmw rmw xchg cmp push pop lea - - cmpxchg bts st ld en le */
         { .insn = 17, .loads = 11, .stores = 10 });
    CASE("cpuid, rdtsc, pause, in, out",
         "xor %%eax, %%eax\n\txor %%ecx, %%ecx\n\tcpuid\n\trdtsc\n\tpause\n\t"
         "in $0x61, %%al\n\tout %%al, $0x80\n\tmov %%cr0, %%rax\n\t"
         "mov %%rax, %%cr0\n\tmov %%cr3, %%rax\n\tmov %%rax, %%cr3\n\t",
         { .insn = 11 });
    CASE("mov ss and its shadow",
         "mov %%ss, %%eax\n\tmov %%eax, %%ss\n\tnop\n\tnop\n\tsti\n\tnop\n\t"
         "cli\n\tnop\n\t",
         { .insn = 8 });
    CASE("far return",
         "mov %%cs, %%eax\n\tpush %%rax\n\tlea 1f(%%rip), %%rax\n\t"
         "push %%rax\n\tlretq\n1:\t",
         { .insn = 5, .branch = 1, .far = 1, .loads = 1, .stores = 2 });
}

static void test_strings(void)
{
    CASE("rep movsb",
         "lea %0, %%rsi\n\tlea %0, %%rdi\n\tmov $500, %%ecx\n\trep movsb\n\t",
         { .insn = 4, .loads = 500, .stores = 500, .rep = 500 });
    CASE("rep stosq, no iteration",
         "lea %0, %%rdi\n\txor %%ecx, %%ecx\n\txor %%eax, %%eax\n\t"
         "rep stosq\n\t",
         { .insn = 4 });
    CASE("rep stosq, one iteration",
         "lea %0, %%rdi\n\tmov $1, %%ecx\n\txor %%eax, %%eax\n\t"
         "rep stosq\n\t",
         { .insn = 4, .stores = 1, .rep = 1 });
    data[3] = 1;
    CASE("repne scasb, ended by the comparison",
         "lea %0, %%rdi\n\tmov $500, %%ecx\n\tmov $1, %%eax\n\t"
         "repne scasb\n\t",
         { .insn = 4, .loads = 25, .rep = 25 });
    CASE("repe cmpsb, ended by the count",
         "lea %0, %%rsi\n\tlea %0, %%rdi\n\tmov $40, %%ecx\n\trepe cmpsb\n\t",
         { .insn = 4, .loads = 40, .rep = 40 });
    CASE("movsb", "lea %0, %%rsi\n\tlea %0, %%rdi\n\tmovsb\n\tlodsb\n\tstosb\n\t",
         { .insn = 5, .loads = 2, .stores = 2 });
}

static void test_faults(void)
{
    set_gate(0x81, gate_iretq);
    set_gate(6, gate_skip2);
    set_gate(13, gate_skip2);
    set_gate(14, gate_map);

    CASE("int n", "nop\n\tint $0x81\n\tnop\n\t",
         { .insn = 4, .branch = 2, .far = 2, .loads = 1 });
    /* UD2 itself does not retire. */
    CASE("ud2", "nop\n\tud2\n\tnop\n\t",
         { .insn = 4, .branch = 1, .far = 1, .loads = 2, .stores = 1 });
    for (int i = 0; i < 4; i++) {
        unmap();
        program(i);
        COUNT("nop\n\tmov %0, %%rax\n\tmov 0x1001000, %%rbx\n\tnop\n\t",
              "m"(data));
        compare("page fault inside a block",
                (struct counts) { .insn = 7, .branch = 1, .far = 1,
                                  .loads = 3, .stores = 1 });
        unmap();
        program(i);
        COUNT("mov $0x1000800, %%esi\n\tmov $0x1000000, %%edi\n\t"
              "mov $0x1000, %%ecx\n\trep movsb\n\tnop\n\t", "m"(data));
        compare("page fault inside rep movsb",
                (struct counts) { .insn = 8, .branch = 1, .far = 1,
                                  .loads = 0x1001, .stores = 0x1001,
                                  .rep = 0x1000 });
        unmap();
        program(i);
        COUNT("nop\n\tmov $0x1001000, %%ebx\n\taddq $1, (%%rbx)\n\t"
              "push (%%rbx)\n\tpop %%rax\n\t", "m"(data));
        compare("page fault of an update",
                (struct counts) { .insn = 8, .branch = 1, .far = 1,
                                  .loads = 4, .stores = 3 });
    }
    /* The write of a reserved bit does not retire, nor do its effects. */
    set_gate(13, gate_iretq);
}

static void test_self_modifying(void)
{
    for (int i = 0; i < 100; i++) {
        program(i);
        COUNT("nop\n\tnop\n\tmov %0, %%rax\n\tmovb %%al, 1f + 1(%%rip)\n\tnop\n"
              "1:\tmov $0, %%bl\n\tnop\n\t", "m"(data[i % 8]));
        compare("self-modifying code",
                (struct counts) { .insn = 7, .loads = 1, .stores = 1 });
    }
}

static void test_reads(void)
{
    u64 a, b, c, d;

    program(0);
    asm volatile(COUNT_BEGIN
                 "mov pmu_insn_index(%%rip), %%ecx\n\t"
                 "rdpmc\n\tmov %%rax, %%r8\n\tnop\n\tnop\n\t"
                 "rdpmc\n\tmov %%rax, %%r9\n\t"
                 "mov pmu_insn_msr(%%rip), %%ecx\n\t"
                 "rdmsr\n\tmov %%rax, %%r10\n\trdmsr\n\tmov %%rax, %%r11\n\t"
                 "mov %%r8, %0\n\tmov %%r9, %1\n\tmov %%r10, %2\n\t"
                 "mov %%r11, %3"
                 COUNT_END
                 : "=m"(a), "=m"(b), "=m"(c), "=m"(d) : :
                 "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12");
    EXPECT("rdpmc reads what is before it", a, 1);
    EXPECT("rdpmc counts itself afterwards", b - a, 4);
    EXPECT("rdmsr", c - b, 3);
    EXPECT("two rdmsr", d - c, 2);
}

/* Without the general-purpose counters' selectors; see selectors.c for these. */
static void test_boundaries(void)
{
    if (pmu.amd) {
        return;
    }
    pmu_off();
    wrmsr(GLOBAL_CTRL, 1ull << 32);
    asm volatile("mov $0x38d, %%ecx\n\tmov $1, %%eax\n\txor %%edx, %%edx\n\t"
                 "wrmsr\n\tnop\n\tnop\n\txor %%eax, %%eax\n\twrmsr\n\tnop"
                 : : : "rax", "rcx", "rdx");
    EXPECT("by the fixed control", rdmsr(FIXED(0)), 4);

    wrmsr(FIXED_CTRL, 1);
    asm volatile("mov $0x309, %%ecx\n\tmov $1000, %%eax\n\txor %%edx, %%edx\n\t"
                 "wrmsr\n\tnop\n\tmov $0x38f, %%ecx\n\txor %%eax, %%eax\n\t"
                 "wrmsr"
                 : : : "rax", "rcx", "rdx");
    EXPECT("a write while counting", rdmsr(FIXED(0)), 1004);

    /* CTR_FRZ stops everything, and lets it go on. */
    pmu_off();
    wrmsr(FIXED_CTRL, 1);
    wrmsr(GLOBAL_CTRL, 1ull << 32);
    asm volatile("mov $0x391, %%ecx\n\txor %%eax, %%eax\n\t"
                 "mov $0x08000000, %%edx\n\twrmsr\n\tnop\n\tnop\n\t"
                 "mov $0x390, %%ecx\n\twrmsr\n\tnop\n\t"
                 "mov $0x38f, %%ecx\n\txor %%edx, %%edx\n\twrmsr"
                 : : : "rax", "rcx", "rdx");
    EXPECT("frozen", rdmsr(FIXED(0)), 4 + 4);
    pmu_off();
}

static void test_unknown(void)
{
    static const u64 unknown[] = {
        0x1234, EV_INSN | 1u << 24, EV_INSN | 1u << 23, EV_INSN | 1u << 18, 0,
        EV_INSN | 0x0100,       /* PREC_DIST, but on counter 5 */
    };
    static const u64 far_codes[] = {
        EV_INSN | 1ull << 32, 0x20 | 0x0100, 0x20, 0x0729, 0xff64,
    };

    if (pmu.amd) {
        pmu_program(far_codes, 5, OS | USR);
        COUNT("mov %0, %%rax\n\t", "m"(data));
        for (int i = 0; i < 5; i++) {
            EXPECT("an unknown event of twelve bits", rdmsr(PMC(i)), 0);
        }
    }
    pmu_program(unknown, pmu.amd ? 5 : 6, OS | USR);
    COUNT("mov $100, %%ecx\n1:\tdec %%ecx\n\tjnz 1b\n\t", "m"(data));
    for (int i = 0; i < 5; i++) {
        EXPECT("an unknown event", rdmsr(PMC(i)), 0);
    }
    EXPECT("instructions beside them", pmu_insns(), 201 + COUNT_OVERHEAD);
    if (pmu.amd) {
        return;
    }
    EXPECT("PREC_DIST on another counter", rdmsr(PMC(5)), 0);
    pmu_off();
    wrmsr(EVTSEL(1), EV_INSN | 0x0100 | OS | EN);
    COUNT("nop\n\t", "m"(data));
    EXPECT("PREC_DIST", rdmsr(PMC(1)), 1 + COUNT_OVERHEAD);
}

static void test_models(void)
{
    const u64 model_events[] = {
        EV_LLC_REF, EV_LLC_MISS, EV_MISP, EV_CLOCK, EV_CYCLES,
    };
    static char area[256 << 10] __attribute__((aligned(4096)));

    for (int times = 0; times < 2; times++) {
        pmu_program(model_events, 5, OS | USR);
        /* 4096 lines: four times the first cache, an eighth of the second */
        COUNT("lea %0, %%rax\n\tmov $4096, %%ecx\n"
              "1:\tmov (%%rax), %%bl\n\tadd $64, %%rax\n\tdec %%ecx\n\t"
              "jnz 1b\n\t", "m"(area));
        EXPECT("last-level references", rdmsr(PMC(0)), 4096);
        EXPECT("last-level misses", rdmsr(PMC(1)), times ? 0 : 4096);
        EXPECT("instructions with the models", pmu_insns(),
               2 + 4 * 4096 + COUNT_OVERHEAD);
        EXPECT("cycles", rdmsr(PMC(4)), pmu_insns() + 4095);
        EXPECT("reference clock", rdmsr(PMC(3)),
               rdmsr(PMC(4)) / CLOCK_CYCLES);
    }
    pmu_program(model_events, 5, OS | USR);
    /* Call and return in pairs are predicted, whatever the depth up to 16. */
    COUNT("mov $10, %%ecx\n1:\tcall 2f\n\tdec %%ecx\n\tjnz 1b\n\tjmp 3f\n"
          "2:\tcall 4f\n4:\tpop %%rax\n\tret\n3:\t", "m"(area));
    check(rdmsr(PMC(2)) >= 10, "returns that skip a frame are mispredicted");
    pmu_program(model_events, 5, OS | USR);
    COUNT("mov $10, %%ecx\n1:\tcall 2f\n\tdec %%ecx\n\tjnz 1b\n\tjmp 3f\n"
          "2:\tcall 4f\n\tret\n4:\tret\n3:\t", "m"(area));
    check(rdmsr(PMC(2)) <= 3, "paired returns are predicted: %d",
          rdmsr(PMC(2)));
    pmu_off();
}

static void test_halt(void)
{
    set_gate(0x90, gate_eoi);
    *(volatile u32 *)0xfee000f0 = 0x1ff;
    *(volatile u32 *)0xfee003e0 = 0xb;
    for (int i = 0; i < 5; i++) {
        program(i);
        *(volatile u32 *)0xfee00320 = 0x90;
        *(volatile u32 *)0xfee00380 = 1000000;
        COUNT("sti\n\thlt\n\tcli\n\t", "m"(data));
        compare("hlt, and the interrupt that ends it",
                (struct counts) { .insn = 6, .branch = 1, .far = 1,
                                  .loads = 1, .stores = 1 });
    }
}

void test_counts(void)
{
    test_plain();
    test_strings();
    test_faults();
    test_self_modifying();
    test_reads();
    test_boundaries();
    test_unknown();
    test_models();
    test_halt();
}
