/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DR7 is the guest's or the host's (APM volume 2, 15.5.1 and 15.6): so are breakpoints. */
#include "svm.h"

#define OFF       0x400ull
#define ON        0x402ull              /* DR0, global, on execution */

static unsigned trapped;

static void trap(struct frame *f)
{
    (void)f;
    trapped++;
    asm volatile("mov %0, %%dr7" : : "r"(OFF));
}

extern const char break_code[], break_here[], break_set[];
asm("break_set:\n\t"
    "mov $0x402, %eax\n\tmov %rax, %dr7\n"
    "break_code:\n\t"
    "nop\n"
    "break_here:\n\t"
    "nop\n\tvmmcall\n\thlt");

extern void break_function(void);
asm("break_function: ret");

static void break_at(const void *address)
{
    asm volatile("mov %0, %%dr0" : : "r"(address));
}

static u64 enter_with(const char *code, u64 dr7)
{
    guest(code);
    intercept(EXIT_DB);
    vmcb.dr7 = dr7;
    return enter();
}

static void test_guest(void)
{
    break_at(break_here);
    EXPECT("a breakpoint in the VMCB's DR7", enter_with(break_code, ON), EXIT_DB);
    EXPECT("is met where it is", vmcb.rip, (u64)break_here);
    EXPECT("a guest whose VMCB has none", enter_with(break_code, OFF), EXIT_VMMCALL);

    EXPECT("a breakpoint that the guest sets", enter_with(break_set, OFF), EXIT_DB);
    EXPECT("is saved", vmcb.dr7, ON);
    EXPECT("the next guest has none", enter_with(break_code, OFF), EXIT_VMMCALL);
}

static void test_host(void)
{
    trapped = 0;
    break_at((const void *)break_function);
    EXPECT("a guest with a breakpoint of its host's", enter_with(break_code, ON),
           EXIT_VMMCALL);
    break_function();
    EXPECT("which the host does not meet", trapped, 0);

    break_at(break_here);
    asm volatile("mov %0, %%dr7" : : "r"(ON));
    EXPECT("a breakpoint of the host's", enter_with(break_code, OFF), EXIT_VMMCALL);
    asm volatile("mov %0, %%dr7" : : "r"(OFF));
}

void test_breakpoints(void)
{
    void (*saved)(struct frame *) = handler;

    handler = trap;
    test_guest();
    test_host();
    handler = saved;
}
