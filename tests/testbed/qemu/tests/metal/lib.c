/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib.h"
#include <stdarg.h>

static unsigned passed, failed;

static void put(char c)
{
    outb(0x3f8, c);
}

static void put_number(u64 n, unsigned base)
{
    char buffer[24];
    int i = 0;

    do {
        buffer[i++] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n);
    while (i) {
        put(buffer[--i]);
    }
}

static void vprint(const char *f, va_list ap)
{
    for (; *f; f++) {
        if (*f != '%') {
            put(*f);
            continue;
        }
        switch (*++f) {
        case 's':
            for (const char *s = va_arg(ap, const char *); *s; s++) {
                put(*s);
            }
            break;
        case 'd':
            put_number(va_arg(ap, u64), 10);
            break;
        case 'x':
            put_number(va_arg(ap, u64), 16);
            break;
        }
    }
}

void print(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vprint(format, ap);
    va_end(ap);
}

void check(bool ok, const char *name, ...)
{
    va_list ap;

    if (ok) {
        passed++;
        return;
    }
    failed++;
    va_start(ap, name);
    print("FAIL ");
    vprint(name, ap);
    print("\n");
    va_end(ap);
}

void expect(const char *name, u64 got, u64 want, int line)
{
    check(got == want, "%s (line %d): %d, expected %d", name, (u64)line, got,
          want);
}

void finish(void)
{
    print("metal: %d passed, %d failed, 0 skipped\n", (u64)passed,
          (u64)failed);
    outb(0x501, failed != 0);
    for (;;) {
        asm volatile("cli; hlt");
    }
}

/* Interrupts */

static struct {
    uint16_t limit;
    u64 base;
} __attribute__((packed)) idtr;
static u64 idt[256][2] __attribute__((aligned(16)));
static u32 tss[26] __attribute__((aligned(16)));

extern char gates[], gdt_tss[], interrupt_stack_top[], user_stack_top[];

static void fatal(struct frame *f)
{
    print("FATAL vector %d error %x rip %x cr2 ", f->vector, f->error,
          f->rip);
    u64 cr2;
    asm volatile("mov %%cr2, %0" : "=r"(cr2));
    print("%x\n", cr2);
    failed++;
    finish();
}

void (*handler)(struct frame *) = fatal;
static volatile int caught;
static u64 resume_rip;
u64 user_return_rsp;

void interrupt(struct frame *f);
void interrupt(struct frame *f)
{
    if (resume_rip) {
        caught = f->vector;
        f->rip = resume_rip;
        return;
    }
    handler(f);
}

#define GUARDED(insn, ...)                                                  \
    do {                                                                    \
        caught = -1;                                                        \
        asm volatile("movq $1f, %0\n\t" insn "\n1:\n\tmovq $0, %0"          \
                     : "+m"(resume_rip), __VA_ARGS__ : "memory");           \
    } while (0)

int rdmsr_safe(u32 msr, u64 *val)
{
    u32 lo = 0, hi = 0;

    GUARDED("rdmsr", "+a"(lo), "+d"(hi) : "c"(msr));
    *val = (u64)hi << 32 | lo;
    return caught;
}

int wrmsr_safe(u32 msr, u64 val)
{
    u32 lo = val, hi = val >> 32;

    GUARDED("wrmsr", "+a"(lo), "+d"(hi) : "c"(msr));
    return caught;
}

int rdpmc_safe(u32 index, u64 *val)
{
    u32 lo = 0, hi = 0;

    GUARDED("rdpmc", "+a"(lo), "+d"(hi) : "c"(index));
    *val = (u64)hi << 32 | lo;
    return caught;
}

int xstate_safe(enum xstate_op op, void *area)
{
    u32 all = 7, none = 0;

    switch (op) {
    case XSAVE:
        GUARDED("xsave (%3)", "+a"(all), "+d"(none) : "r"(area));
        break;
    case XSAVEOPT:
        GUARDED("xsaveopt (%3)", "+a"(all), "+d"(none) : "r"(area));
        break;
    case XRSTOR:
        GUARDED("xrstor (%3)", "+a"(all), "+d"(none) : "r"(area));
        break;
    case FXSAVE:
        GUARDED("fxsave (%3)", "+a"(all), "+d"(none) : "r"(area));
        break;
    }
    return caught;
}

asm(".globl enter_user\n"
    "enter_user:\n\t"                   /* rdi: entry, rsi: stack */
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n\t"
    "mov %rsp, user_return_rsp(%rip)\n\t"
    "push $0x1b; push %rsi; push $0x2; push $0x23; push %rdi\n\t"
    "iretq\n"
    ".globl leave_user\n"
    "leave_user:\n\t"
    "mov user_return_rsp(%rip), %rsp\n\t"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"
    "ret\n");
void enter_user(void (*entry)(void), u64 stack);
extern char leave_user[];

void run_user(void (*entry)(void))
{
    enter_user(entry, (u64)user_stack_top - 256);
}

void machine_init(void)
{
    u64 base = (u64)tss;
    u64 rsp0 = (u64)interrupt_stack_top;
    u64 *desc = (u64 *)gdt_tss;

    for (int i = 0; i < 256; i++) {
        u64 at = i == 0x80 ? (u64)leave_user : (u64)gates + 16 * i;
        u64 dpl = i >= 0x30 || i == 3 ? 3 : 0;

        idt[i][0] = (at & 0xffff) | 0x08ull << 16 |
                    (0x8e00ull | dpl << 13) << 32 | (at >> 16 & 0xffff) << 48;
        idt[i][1] = at >> 32;
    }
    idtr.limit = sizeof(idt) - 1;
    idtr.base = (u64)idt;
    asm volatile("lidt %0" : : "m"(idtr));

    tss[1] = rsp0;
    tss[2] = rsp0 >> 32;
    tss[25] = sizeof(tss) << 16;
    desc[0] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
              (base >> 24 & 0xff) << 56;
    desc[1] = base >> 32;
    /* The timer that the BIOS left running */
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
    asm volatile("ltr %w0" : : "r"(0x28));
}
