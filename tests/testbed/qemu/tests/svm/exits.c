/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each intercepted instruction exits with its own code, at its own address. */
#include "svm.h"

#define CODE(name, ...)                                                     \
    extern const char name[], name##_end[];                                 \
    asm(#name ":\n\t" __VA_ARGS__ "\n" #name "_end:\n\tvmmcall\n\thlt")

CODE(cpuid_code, "cpuid");
CODE(rdtsc_code, "rdtsc");
CODE(rdtscp_code, "rdtscp");
CODE(rdpmc_code, "mov $0, %ecx\n\trdpmc");
CODE(invd_code, "invd");
CODE(wbinvd_code, "wbinvd");
CODE(xsetbv_code, "xor %ecx, %ecx\n\txor %edx, %edx\n\tmov $1, %eax\n\txsetbv");
CODE(pushf_code, "pushf");
CODE(hlt_code, "hlt");
CODE(pause_code, "pause");
CODE(out_code, "outb %al, $0x80");
CODE(outs_code, "mov $0x80, %edx\n\toutsb");
CODE(cr0_code, "mov %cr0, %rax");
CODE(dr7_code, "mov $0x400, %eax\n\tmov %rax, %dr7");
CODE(int_code, "int $0x81");
CODE(prefix_code, ".byte 0x2e, 0x2e, 0x0f, 0xa2");
CODE(ud_code, "ud2");

static const struct {
    const char *name, *code, *end;
    unsigned exit_code;
    int length;                         /* 0: not an instruction's intercept */
} cases[] = {
#define CASE(name, exit_code, length) \
    { #name, name##_code, name##_code_end, exit_code, length }
    CASE(cpuid, EXIT_CPUID, 2),
    CASE(rdtsc, EXIT_RDTSC, 2),
    CASE(rdtscp, EXIT_RDTSCP, 3),
    CASE(rdpmc, EXIT_RDPMC, 2),
    CASE(invd, EXIT_INVD, 2),
    CASE(wbinvd, EXIT_WBINVD, 2),
    CASE(xsetbv, EXIT_XSETBV, 3),
    CASE(pushf, EXIT_PUSHF, 1),
    CASE(hlt, EXIT_HLT, 1),
    CASE(pause, EXIT_PAUSE, 2),
    CASE(cr0, EXIT_READ_CR0, 3),
    CASE(dr7, EXIT_WRITE_DR7, 3),
    CASE(int, EXIT_SWINT, 2),
    CASE(prefix, EXIT_CPUID, 4),
    CASE(ud, EXIT_UD, 0),
};

static void one_case(unsigned i)
{
    u64 end = (u64)cases[i].end;
    u64 at = cases[i].length ? end - cases[i].length : (u64)cases[i].code;

    guest(cases[i].code);
    intercept(cases[i].exit_code);
    enter();
    check(vmcb.exit_code == cases[i].exit_code,
          "%s: exit code %x, expected %x", cases[i].name, vmcb.exit_code,
          (u64)cases[i].exit_code);
    check(vmcb.rip == at, "%s: RIP %x, expected %x", cases[i].name, vmcb.rip,
          at);
    if (svm_next_rip()) {
        u64 next = cases[i].length ? end : 0;

        check(vmcb.next_rip == next, "%s: next RIP %x, expected %x",
              cases[i].name, vmcb.next_rip, next);
    } else {
        check(vmcb.next_rip == 0x5a5a, "%s: next RIP %x was written",
              cases[i].name, vmcb.next_rip);
    }
}

/* RDTSCP and RDTSC, WBINVD and INVD: neither exits for the other's intercept. */
static void test_neighbours(void)
{
    guest(rdtscp_code);
    intercept(EXIT_RDTSC);
    EXPECT("RDTSCP under RDTSC's intercept", enter(), EXIT_VMMCALL);
    guest(rdtsc_code);
    intercept(EXIT_RDTSCP);
    EXPECT("RDTSC under RDTSCP's intercept", enter(), EXIT_VMMCALL);
    guest(wbinvd_code);
    intercept(EXIT_INVD);
    EXPECT("WBINVD under INVD's intercept", enter(), EXIT_VMMCALL);
    guest(invd_code);
    intercept(EXIT_WBINVD);
    EXPECT("INVD under WBINVD's intercept", enter(), EXIT_VMMCALL);
}

CODE(rdmsr_code, "rdmsr");
CODE(wrmsr_code, "wrmsr");

static u64 access_msr(const char *code, u32 msr)
{

    /* RCX is not part of the VMCB: the guest gets the host's. */
    guest(code);
    intercept(EXIT_MSR);
    asm volatile("clgi\n\tpush %%rbp\n\tpush %%rbx\n\tsti\n\tvmrun\n\tcli\n\t"
                 "pop %%rbx\n\tpop %%rbp\n\tstgi"
                 : "+c"(msr) : "a"(&vmcb), "d"(0)
                 : "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
                   "r14", "r15", "memory", "cc");
    if (vmcb.exit_code == EXIT_MSR) {
        EXPECT("an MSR exit says whether it is a write", vmcb.info1,
               code == wrmsr_code);
        if (svm_next_rip()) {
            EXPECT("next RIP of an MSR exit", vmcb.next_rip, (u64)code + 2);
        }
    }
    return vmcb.exit_code;
}

/* Two bits for each MSR, read and write, in three ranges of 8192. */
static void test_msr_bitmap(void)
{
    static const struct {
        u32 msr, bit;
    } msrs[] = {
        { 0x186, 2 * 0x186 },
        { 0xc0000301, 2 * (0x2000 + 0x301) },
        { 0xc0010004, 2 * (0x4000 + 0x0004) },
        { 0xc0010207, 2 * (0x4000 + 0x0207) },
    };

    for (unsigned i = 0; i < sizeof(msrs) / sizeof(*msrs); i++) {
        u32 bit = msrs[i].bit;

        msrpm[bit / 8] = 1 << bit % 8;
        EXPECT("read intercepted", access_msr(rdmsr_code, msrs[i].msr),
               EXIT_MSR);
        EXPECT("write not intercepted", access_msr(wrmsr_code, msrs[i].msr),
               EXIT_VMMCALL);
        EXPECT("neighbour", access_msr(rdmsr_code, msrs[i].msr - 1),
               EXIT_VMMCALL);
        msrpm[bit / 8] = 2 << bit % 8;
        EXPECT("write intercepted", access_msr(wrmsr_code, msrs[i].msr),
               EXIT_MSR);
        EXPECT("read not intercepted", access_msr(rdmsr_code, msrs[i].msr),
               EXIT_VMMCALL);
        msrpm[bit / 8] = 0;
    }
    EXPECT("outside the map", access_msr(rdmsr_code, 0x4000), EXIT_MSR);
}

static void test_xsetbv_is_not_executed(void)
{
    u64 cr4;
    u32 a, b, c, d, before, after;

    cpuid(1, &a, &b, &c, &d);
    if (!(c & 1u << 26)) {
        return;
    }
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" : : "r"(cr4 | 1u << 18));
    asm volatile("xsetbv" : : "a"(3), "d"(0), "c"(0));
    guest(xsetbv_code);
    intercept(EXIT_XSETBV);
    asm volatile("xgetbv" : "=a"(before), "=d"(d) : "c"(0));
    EXPECT("XSETBV with OSXSAVE", enter(), EXIT_XSETBV);
    asm volatile("xgetbv" : "=a"(after), "=d"(d) : "c"(0));
    EXPECT("XCR0 after an intercepted XSETBV", after, before);
    asm volatile("mov %0, %%cr4" : : "r"(cr4));
}

void test_exits(void)
{
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        one_case(i);
    }
    test_neighbours();
    test_msr_bitmap();
    test_xsetbv_is_not_executed();
}
