/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts and exceptions: injected, virtual, and held back by a shadow. */
#include "svm.h"

#define CODE(name, ...)                                                     \
    extern const char name[];                                               \
    asm(#name ":\n\t" __VA_ARGS__)

static volatile unsigned delivered;
static struct frame last;

static void count(struct frame *f)
{
    delivered++;
    last = *f;
}

/*
 * Long enough for the emulator to be asked out of its loop: with -icount, where a
 * timer of the machine expires, every 55 ms of its time; this takes 200 ms.
 */
CODE(long_code,
     "mov $50000000, %ecx\n1:\tdec %ecx\n\tjnz 1b\n\tvmmcall\n\thlt");
CODE(nops_code, "nop\n\tnop\n\tnop\n\tvmmcall\n\thlt");

static u64 inject(const char *code, u32 event)
{
    guest(code);
    vmcb.event_inj = event;
    delivered = 0;
    return enter();
}

static void test_injection(void)
{
    EXPECT("a guest with an interrupt", inject(long_code, INJECT_INTR | 0x90),
           EXIT_VMMCALL);
    EXPECT("an injected interrupt is delivered", delivered, 1);
    EXPECT("its vector", last.vector, 0x90);
    EXPECT("where it came", last.rip, (u64)long_code);
    EXPECT("nothing is left to deliver", vmcb.exit_int_info >> 31 & 1, 0);

    inject(nops_code, INJECT_EXCEPTION | 6);
    EXPECT("an injected exception is delivered", delivered, 1);
    EXPECT("its address", last.rip, (u64)nops_code);
}

/* An injected INT or INT3 returns to the next RIP, where there is one. */
static void test_software(u32 event, u64 vector)
{
    guest(nops_code);
    vmcb.event_inj = event | vector;
    vmcb.next_rip = (u64)nops_code + 2;
    delivered = 0;
    EXPECT("a guest with a software interrupt", enter(), EXIT_VMMCALL);
    EXPECT("it is delivered", delivered, 1);
    EXPECT("its vector", last.vector, vector);
    EXPECT("it returns to", last.rip,
           (u64)nops_code + (svm_next_rip() ? 2 : 0));
}

CODE(sti_code, "sti\n\tcpuid\n\tvmmcall\n\thlt");
CODE(cr8_code, "xor %eax, %eax\n\tmov %rax, %cr8\n\tvmmcall\n\thlt");

static void pending_interrupt(const char *code)
{
    guest(code);
    vmcb.int_ctl = V_INTR_MASKING | V_IRQ | V_IGN_TPR;
    vmcb.int_vector = 0x91;
    vmcb.rflags |= 0x200;
    intercept(EXIT_VINTR);
}

static void test_shadow(void)
{
    guest(sti_code);
    intercept(EXIT_CPUID);
    EXPECT("CPUID behind STI", enter(), EXIT_CPUID);
    EXPECT("is in the interrupt shadow", vmcb.int_state & 1, 1);
    guest(sti_code + 1);
    intercept(EXIT_CPUID);
    EXPECT("CPUID", enter(), EXIT_CPUID);
    EXPECT("is in no interrupt shadow", vmcb.int_state & 1, 0);

    pending_interrupt(nops_code);
    EXPECT("an open interrupt window", enter(), EXIT_VINTR);
    EXPECT("is at once", vmcb.rip, (u64)nops_code);
    EXPECT("the host's STI casts no shadow", vmcb.int_state & 1, 0);
    pending_interrupt(nops_code);
    vmcb.int_state = 1;
    EXPECT("an interrupt window behind a shadow", enter(), EXIT_VINTR);
    EXPECT("is an instruction later", vmcb.rip, (u64)nops_code + 1);
}

static void test_virtual_interrupt(void)
{
    pending_interrupt(nops_code);
    vmcb.general1 &= ~(1u << (EXIT_VINTR - EXIT_INTR));
    delivered = 0;
    EXPECT("a guest with a virtual interrupt", enter(), EXIT_VMMCALL);
    EXPECT("it is delivered", delivered, 1);
    EXPECT("its vector", last.vector, 0x91);
    EXPECT("it is not pending any more", vmcb.int_ctl & V_IRQ, 0);

    pending_interrupt(cr8_code);
    vmcb.int_ctl = V_INTR_MASKING | V_IRQ | V_PRIO(5) | 8;
    EXPECT("lowering CR8 opens the window", enter(), EXIT_VINTR);
    EXPECT("right behind it", vmcb.rip, (u64)cr8_code + 2 + 4);
    EXPECT("CR8", vmcb.int_ctl & 15, 0);
}

void test_events(void)
{
    void (*saved)(struct frame *) = handler;

    handler = count;
    test_injection();
    test_software(INJECT_SOFTWARE, 0x92);
    test_software(INJECT_EXCEPTION, 3);
    test_shadow();
    test_virtual_interrupt();
    handler = saved;
}
