/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting around and inside an SVM guest: what host and guest execute is known,
 * and so are the exits.  The guest is a piece of code in the same page tables.
 */
#include "pmu.h"
#include "svm.h"

enum { EXIT_GP = 0x4d, EXIT_PF = 0x4e, EXIT_NMI = 0x61 };

#define LVTPC  (*(volatile u32 *)0xfee00340)
#define EOI    (*(volatile u32 *)0xfee000b0)
#define VECTOR 0xf0
#define NMI    0x400

/* A guest that begins at @code in ring @cpl; only VMMCALL ends it. */
static void prepare(const char *code, unsigned cpl)
{
    guest(code);
    vmcb.cpl = cpl;
    if (cpl) {
        vmcb.cs = (struct segment){ 0x23, 0xafb, ~0u, 0 };
        vmcb.ss = (struct segment){ 0x1b, 0xcf3, ~0u, 0 };
        vmcb.ds = vmcb.es = vmcb.ss;
    }
    __builtin_memset(msrpm, 0, sizeof(msrpm));
}

static void intercept_msr(u32 msr, bool write)
{
    u32 bit = msr >= 0xc0010000 ? 0x1000 * 8 + 2 * (msr - 0xc0010000)
                                : 0x800 * 8 + 2 * (msr - 0xc0000000);

    bit += write;
    msrpm[bit / 8] |= 1u << bit % 8;
    intercept(EXIT_MSR);
}

/* What the guest leaves in RSI and RDI */
static u64 guest_rsi, guest_rdi;

/* In the host: mov, VMRUN, STGI and COUNT_END's four; VMRUN is a far branch. */
#define HOST_INSNS     (3 + COUNT_OVERHEAD)
#define HOST_BRANCHES  1

static __attribute__((noinline, noclone)) void run(void)
{
    u64 rsi = (u64)&vmcb, rdi;

    asm volatile(COUNT_BEGIN
                 "mov %%rsi, %%rax\n\tvmrun\n\t"
                 ".globl after_vmrun\nafter_vmrun:\n\tstgi\n\t"
                 ".globl after_stgi\nafter_stgi:\n\t" COUNT_END
                 : "+S"(rsi), "=D"(rdi) : :
                 "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12",
                 "memory", "cc");
    guest_rsi = rsi;
    guest_rdi = rdi;
}
extern char after_vmrun[], after_stgi[];

extern char g_plain[], g_cpuid[], g_rdpmc[], g_rdpmc_at[], g_rdpmc_bad[],
    g_wrmsr[], g_wrmsr_at[], g_rdmsr[], g_fault[], g_fault_at[], g_nops[];
asm("g_plain:\n\t"
    ".rept 10\n\tnop\n\t.endr\n\t"
    "mov $100, %ecx\n1:\tdec %ecx\n\tjnz 1b\n\tmov $17, %eax\n\tvmmcall\n"
    "g_cpuid:\n\t"              /* 1 + 20 * 3, and CPUID 20 times */
    "mov $20, %r8d\n1:\txor %eax, %eax\n\tcpuid\n\tdec %r8d\n\tjnz 1b\n\t"
    "mov $18, %eax\n\tvmmcall\n"
    "g_rdpmc:\n\t"
    "mov $1, %ecx\n"
    "g_rdpmc_at:\n\trdpmc\n\tmov %rax, %rsi\n\trdpmc\n\tmov %rax, %rdi\n\t"
    "vmmcall\n"
    "g_rdpmc_bad:\n\tmov $6, %ecx\n\trdpmc\n\tvmmcall\n"
    "g_wrmsr:\n\t"              /* counter 5 in the guest: nop, nop */
    "mov $0xc001020a, %ecx\n\tmov $0x4200c0, %eax\n\tmov $0x100, %edx\n"
    "g_wrmsr_at:\n\twrmsr\n\tnop\n\tnop\n\tvmmcall\n"
    "g_rdmsr:\n\tmov $0xc0010000, %ecx\n\trdmsr\n\tvmmcall\n"
    "g_fault:\n\t"              /* nop, mov, the access, nop */
    "nop\n\tmov $0x1001000, %esi\n"
    "g_fault_at:\n\tmov (%rsi), %rbx\n\tnop\n\tvmmcall\n"
    "g_nops:\n\t.rept 100\n\tnop\n\t.endr\n\tvmmcall\n");
#define PLAIN_INSNS     212     /* and mov of the hypercall's number */
#define PLAIN_BRANCHES  100

/* Instructions on 0 to 3, branches on 4 and 5 */
static void program(u32 modes)
{
    pmu_off();
    wrmsr(EVTSEL(0), EV_INSN | modes | EN);
    wrmsr(EVTSEL(1), EV_INSN | modes | EN | GUEST_ONLY);
    wrmsr(EVTSEL(2), EV_INSN | modes | EN | HOST_ONLY);
    wrmsr(EVTSEL(3), EV_INSN | modes | EN | GUEST_ONLY | HOST_ONLY);
    wrmsr(EVTSEL(4), EV_BRANCH | modes | EN | GUEST_ONLY);
    wrmsr(EVTSEL(5), EV_BRANCH | modes | EN | HOST_ONLY);
}

static void ends(const char *name, u64 code, char *rip)
{
    EXPECT(name, vmcb.exit_code, code);
    if (rip) {
        EXPECT(name, vmcb.rip, (u64)rip);
    }
}

static void counted(const char *name, u64 guest_insns, u64 host_insns)
{
    EXPECT(name, rdmsr(PMC(1)), guest_insns);
    EXPECT(name, rdmsr(PMC(2)), host_insns);
    EXPECT(name, rdmsr(PMC(0)), guest_insns + host_insns);
    EXPECT(name, rdmsr(PMC(3)), guest_insns + host_insns);
}

static void test_sides(void)
{
    for (int i = 0; i < 4; i++) {
        prepare(g_plain, 0);
        if (i & 1) {
            /* Nested paging, by the same page tables */
            vmcb.nested_ctl = 1;
            vmcb.nested_cr3 = vmcb.cr3;
        }
        program(OS | USR);
        run();
        ends("plain", EXIT_VMMCALL, 0);
        EXPECT("the hypercall's number", vmcb.rax, 17);
        counted("plain", PLAIN_INSNS, HOST_INSNS);
        EXPECT("guest branches", rdmsr(PMC(4)), PLAIN_BRANCHES);
        EXPECT("host branches", rdmsr(PMC(5)), HOST_BRANCHES);

        prepare(g_plain, 3);
        program(USR);
        run();
        counted("ring 3, user", PLAIN_INSNS, 0);
        prepare(g_plain, 3);
        program(OS);
        run();
        counted("ring 3, kernel", 0, HOST_INSNS);
    }
}

/* An instruction that is intercepted does not count, one that is not does. */
static void test_cpuid(void)
{
    for (int intercepted = 0; intercepted < 2; intercepted++) {
        unsigned exits = 0;

        prepare(g_cpuid, 0);
        if (intercepted) {
            intercept(EXIT_CPUID);
        }
        program(OS | USR);
        for (run(); vmcb.exit_code == EXIT_CPUID; run()) {
            vmcb.rip += 2;
            exits++;
        }
        ends("cpuid", EXIT_VMMCALL, 0);
        EXPECT("exits", exits, intercepted ? 20 : 0);
        counted("cpuid", intercepted ? 62 : 82, (exits + 1) * HOST_INSNS);
        EXPECT("guest branches", rdmsr(PMC(4)), 20);
        EXPECT("host branches", rdmsr(PMC(5)), (exits + 1) * HOST_BRANCHES);
    }
}

/* Two NOPs, then an instruction that is intercepted: it is no part of a count. */
extern char g_cr0[], g_rdtsc[], g_pushf[], g_int[], g_pause[], g_hlt[],
    g_wbinvd[];
#define TWO  "nop\n\tnop\n\t"
asm("g_cr0:\t" TWO "mov %rax, %cr0\n"
    "g_rdtsc:\t" TWO "rdtsc\n"
    "g_pushf:\t" TWO "pushf\n"
    "g_int:\t" TWO "int $0x90\n"
    "g_pause:\t" TWO "pause\n"
    "g_hlt:\t" TWO "hlt\n"
    "g_wbinvd:\t" TWO "wbinvd\n");

static void test_intercepts(void)
{
    static const struct {
        char *code;
        u64 exit;
    } cases[] = {
        { g_cr0, EXIT_WRITE_CR0 }, { g_rdtsc, EXIT_RDTSC },
        { g_pushf, EXIT_PUSHF }, { g_int, EXIT_SWINT },
        { g_pause, EXIT_PAUSE }, { g_hlt, EXIT_HLT },
        { g_wbinvd, EXIT_WBINVD },
    };

    for (unsigned i = 0; i < 3 * sizeof(cases) / sizeof(*cases); i++) {
        prepare(cases[i / 3].code, 0);
        intercept(cases[i / 3].exit);
        program(OS | USR);
        run();
        ends("an intercepted instruction", cases[i / 3].exit,
             cases[i / 3].code + 2);
        counted("two before it", 2, HOST_INSNS);
        EXPECT("it is no branch", rdmsr(PMC(4)), 0);
    }
}

static void test_fault(void)
{
    for (int i = 0; i < 4; i++) {
        prepare(g_fault, 0);
        intercept(EXIT_PF);
        page_table[1] = 0;
        asm volatile("invlpg (%0)" : : "r"(SMALL_PAGES + 0x1000) : "memory");
        program(OS | USR);
        run();
        ends("page fault", EXIT_PF, g_fault_at);
        counted("before the page fault", 2, HOST_INSNS);
        page_table[1] = (SMALL_PAGES + 0x1000) | 7;
        run();
        ends("after the page fault", EXIT_VMMCALL, 0);
        counted("all", 4, 2 * HOST_INSNS);
    }
}

static void test_rdpmc(void)
{
    prepare(g_rdpmc, 0);
    program(OS | USR);
    run();
    ends("rdpmc", EXIT_VMMCALL, 0);
    EXPECT("rdpmc in the guest", guest_rsi, 1);
    EXPECT("and again", guest_rdi, 3);

    prepare(g_rdpmc, 0);
    intercept(EXIT_RDPMC);
    program(OS | USR);
    run();
    ends("rdpmc, intercepted", EXIT_RDPMC, g_rdpmc_at);
    counted("rdpmc, intercepted", 1, HOST_INSNS);

    /* Exceptions come first. */
    prepare(g_rdpmc_bad, 0);
    intercept(EXIT_RDPMC);
    intercept(EXIT_GP);
    program(OS | USR);
    run();
    ends("rdpmc of no counter", EXIT_GP, g_rdpmc_bad + 5);
    counted("rdpmc of no counter", 1, HOST_INSNS);

    for (int pce = 0; pce < 2; pce++) {
        prepare(g_rdpmc, 3);
        vmcb.cr4 |= pce ? 1u << 8 : 0;
        intercept(EXIT_RDPMC);
        intercept(EXIT_GP);
        program(OS | USR);
        run();
        ends("rdpmc in ring 3", pce ? EXIT_RDPMC : EXIT_GP, g_rdpmc_at);
    }
    prepare(g_rdpmc, 3);
    vmcb.cr4 |= 1u << 8;
    program(OS | USR);
    run();
    ends("rdpmc in ring 3 with the guest's PCE", EXIT_VMMCALL, 0);
    EXPECT("what it reads", guest_rsi, 1);
}

static void test_msrs(void)
{
    prepare(g_wrmsr, 0);
    intercept_msr(0xc001020a, true);
    program(OS | USR);
    run();
    ends("wrmsr, intercepted", EXIT_MSR, g_wrmsr_at);
    EXPECT("it writes", vmcb.info1, 1);
    counted("wrmsr, intercepted", 3, HOST_INSNS);

    prepare(g_wrmsr, 0);
    intercept_msr(0xc001020a, false);
    intercept_msr(0xc001020b, true);
    intercept_msr(0xc0010208, true);
    intercept_msr(0xc0000301, true);
    program(OS | USR);
    wrmsr(EVTSEL(5), 0);
    run();
    ends("wrmsr beside those intercepted", EXIT_VMMCALL, 0);
    EXPECT("what it enabled", rdmsr(PMC(5)), 2);

    /* K7's names are MSRs of their own to the permission map. */
    prepare(g_rdmsr, 0);
    intercept_msr(0xc0010200, false);
    program(OS | USR);
    run();
    ends("K7's name", EXIT_VMMCALL, 0);
    prepare(g_rdmsr, 0);
    intercept_msr(0xc0010000, false);
    program(OS | USR);
    run();
    ends("K7's name, intercepted", EXIT_MSR, g_rdmsr + 5);
    EXPECT("it reads", vmcb.info1, 0);
}

/* Overflow interrupts */

static struct {
    unsigned taken;
    u64 rip;
} pmi;

static void on_pmi(struct frame *f)
{
    pmi.taken++;
    pmi.rip = f->rip;
    if (f->vector == VECTOR) {
        EOI = 0;
    }
}

/* Runs g_nops with counter 0 on its way to an overflow in @distance. */
static void overflow(u64 selector, u64 distance, u32 lvt)
{
    prepare(g_nops, 0);
    intercept(lvt == NMI ? EXIT_NMI : EXIT_INTR);
    vmcb.int_ctl = V_INTR_MASKING;
    pmu_off();
    pmi.taken = 0;
    LVTPC = lvt;
    wrmsr(EVTSEL(0), EV_INSN | OS | INT | EN | selector);
    wrmsr(PMC(0), -distance & pmu.mask);
    asm volatile("sti");
    run();
    asm volatile("cli");
}

static void test_interrupts(u32 lvt)
{
    u64 code = lvt == NMI ? EXIT_NMI : EXIT_INTR;

    for (u64 k = 1; k < 60; k++) {
        overflow(GUEST_ONLY, k, lvt);
        ends("guest's overflow", code, g_nops + k);
        EXPECT("taken in the host", pmi.taken, 1);
        EXPECT("after STGI", pmi.rip, (u64)after_stgi);
        EXPECT("status", rdmsr(pmu_global_status), 1);

        /* mov and VMRUN count, too */
        overflow(0, 2 + k, lvt);
        ends("overflow of both sides", code, g_nops + k);
        EXPECT("taken in the host", pmi.taken, 1);
    }
    overflow(HOST_ONLY, 1, lvt);
    ends("host's overflow before VMRUN", EXIT_VMMCALL, 0);
    EXPECT("taken at VMRUN", pmi.taken, 1);
    EXPECT("before VMRUN", pmi.rip, (u64)after_vmrun - 3);
    overflow(HOST_ONLY, 2, lvt);
    ends("host's overflow by VMRUN", code, g_nops);
    EXPECT("taken in the host", pmi.taken, 1);
    EXPECT("after STGI", pmi.rip, (u64)after_stgi);
    overflow(HOST_ONLY, 3, lvt);
    ends("host's overflow by STGI", EXIT_VMMCALL, 0);
    EXPECT("taken", pmi.taken, 1);
    EXPECT("after STGI", pmi.rip, (u64)after_stgi);
    /* Not in the guest: the host does not get there. */
    overflow(HOST_ONLY, 50, lvt);
    ends("host's overflow far away", EXIT_VMMCALL, 0);
    EXPECT("none taken", pmi.taken, 0);
}

void test_svm(void)
{
    void (*saved)(struct frame *) = handler;
    u64 efer = rdmsr(EFER);

    check(svm_on(), "the processor has no SVM");
    test_sides();
    test_cpuid();
    test_intercepts();
    test_fault();
    test_rdpmc();
    test_msrs();
    *(volatile u32 *)0xfee000f0 = 0x1ff;
    handler = on_pmi;
    test_interrupts(VECTOR);
    test_interrupts(NMI);
    handler = saved;
    pmu_off();
    wrmsr(EFER, efer);
}
