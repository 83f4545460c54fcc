/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User and kernel apart: SYSCALL, INT, single stepping, rdpmc in ring 3. */
#include "pmu.h"

extern char user_program[], user_syscalls[], user_rdpmc[], user_step[];
extern char syscall_entry[];
u64 user_value[4];

asm("user_program:\n\t"                 /* 2003, and INT: 1001 branches */
    "mov $1000, %ecx\n1:\tdec %ecx\n\tjnz 1b\n\tnop\n\tint $0x80\n"
    "user_syscalls:\n\t"                /* 1 + 10 * 4, and INT */
    "mov $10, %ebx\n1:\tnop\n\tsyscall\n\tdec %ebx\n\tjnz 1b\n\tint $0x80\n"
    "syscall_entry:\n\tnop\n\tsysretq\n"        /* 2 in the kernel */
    "user_rdpmc:\n\t"
    "mov pmu_insn_index, %ecx\n\trdpmc\n\tmov %rax, user_value\n\t"
    "rdpmc\n\tmov %rax, user_value + 8\n\tint $0x80\n"
    "user_step:\n\t"                    /* pushf, or, popf, then stepped */
    "pushf\n\torl $0x100, (%rsp)\n\tpopf\n\t"
    "mov $5, %ecx\n1:\tnop\n\tloop 1b\n\t"
    "mov $20, %ecx\n\tlea user_value(%rip), %rdi\n\trep stosb\n\t"
    "nop\n\tint $0x80\n");

static void run(char *program)
{
    run_user((void (*)(void))program);
}

static unsigned steps;

static void count_step(struct frame *f)
{
    if (f->vector == 1) {
        steps++;
    } else {
        print("FATAL vector %d rip %x\n", f->vector, f->rip);
        finish();
    }
}

static void measure(char *program, u32 modes)
{
    const u64 events[] = { EV_BRANCH, EV_FAR };

    pmu_program(events, 2, modes);
    wrmsr(pmu_global_ctrl, pmu_all);
    run(program);
    wrmsr(pmu_global_ctrl, 0);
}

void test_modes(void)
{
    void (*saved)(struct frame *) = handler;
    u64 kernel, val;

    for (int i = 0; i < 3; i++) {
        measure(user_program, USR);
        EXPECT("user instructions", pmu_insns(), 2003);
        EXPECT("user branches", rdmsr(PMC(0)), 1001);
        EXPECT("user far branches", rdmsr(PMC(1)), 1);
        measure(user_program, OS);
        kernel = pmu_insns();
        measure(user_program, OS | USR);
        EXPECT("both", pmu_insns(), kernel + 2003);
    }

    wrmsr(0xc0000081, 0x10ull << 48 | 0x08ull << 32);
    wrmsr(0xc0000082, (u64)syscall_entry);
    wrmsr(0xc0000084, 0x200);
    for (int i = 0; i < 3; i++) {
        measure(user_syscalls, USR);
        EXPECT("user instructions with syscalls", pmu_insns(), 42);
        EXPECT("user far branches with syscalls", rdmsr(PMC(1)), 11);
        measure(user_syscalls, OS);
        EXPECT("kernel instructions of syscalls", pmu_insns(),
               kernel + 20);
    }

    handler = count_step;
    for (int i = 0; i < 3; i++) {
        steps = 0;
        measure(user_step, USR);
        /* 3, then mov, 5 * (nop, loop), mov, lea, rep stosb, nop, int */
        EXPECT("stepped instructions", pmu_insns(), 3 + 1 + 10 + 2 + 1 + 2);
        check(steps >= 15, "steps: %d", (u64)steps);
    }
    handler = saved;

    /* rdpmc from ring 3: only with CR4.PCE */
    asm volatile("mov %%cr4, %%rax\n\tor $0x100, %%rax\n\tmov %%rax, %%cr4"
                 : : : "rax");
    measure(user_rdpmc, USR);
    EXPECT("rdpmc in ring 3", user_value[0], 1);
    EXPECT("and again", user_value[1], 3);
    asm volatile("mov %%cr4, %%rax\n\tand $~0x100, %%rax\n\tmov %%rax, %%cr4"
                 : : : "rax");
    check(rdpmc_safe(0, &val) == -1, "rdpmc in ring 0 without CR4.PCE");
    pmu_off();
}
