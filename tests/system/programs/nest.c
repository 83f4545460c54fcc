// SPDX-License-Identifier: LGPL-2.1-or-later
// nest: main() calls outer(), that middle(), and that inner(), which executes three
// million instructions. Built with frame pointers, so that each is in a call chain.
#define FUNCTION __attribute__((noinline, noclone, noipa))

static volatile int calls;

FUNCTION static void leaf(void)
{
    calls++;
}

// Not a leaf: those have no frame of their own.
FUNCTION static void inner(unsigned long n)
{
    __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n) : : "cc");
    leaf();
    calls++;
}

FUNCTION static void middle(unsigned long n)
{
    inner(n);
    calls++;
}

FUNCTION static void outer(unsigned long n)
{
    middle(n);
    calls++;
}

int main(void)
{
    outer(1500000);
    return calls != 4;
}
