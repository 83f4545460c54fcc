/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ftest - four functions of known shares of instructions and branch misses
 *
 * Usage: ftest [rounds]
 *
 * In the manner of the test that was shown for a KVM guest's PMU at KVM Forum
 * 2019: a profile of it must show these shares, natively and in a guest. One
 * round of each loop, as instructions (conditional branches that go either way
 * at random):
 *
 *   main   4 (0)    rounds * 5        20
 *   foo    4 (0)    rounds * 10       40
 *   bar   10 (1)    rounds * 4        40
 *   qux   16 (2)    rounds * 4        64
 *
 * so of all instructions main has 20/164 = 12.2 %, foo 24.4 %, bar 24.4 % and qux
 * 39.0 %; bar has a third of the random branches and qux two.
 *
 * The branches follow bits of a xorshift generator (6 instructions), of which a
 * predictor guesses about half. Both ways have equally many instructions.
 */
#include <stdio.h>
#include <stdlib.h>

#define FUNCTION __attribute__((noinline, noclone, noipa))
/* A frame of its own, so that a call chain through frame pointers has the caller. */
#define FRAME() asm volatile("" : : "r" (__builtin_frame_address(0)))
#define LOOP4(n)						\
	asm volatile("1: add $1, %%rax\n\t"			\
		     "lea 1(%%rax), %%rdx\n\t"			\
		     "dec %0\n\t"				\
		     "jnz 1b"					\
		     : "+r" (n) : : "rax", "rdx", "cc")

/* The head of a round: six instructions that leave new random bits in %1. */
#define DRAW						\
	"1: mov %1, %%rax\n\t"				\
	"shl $13, %%rax\n\t"				\
	"xor %%rax, %1\n\t"				\
	"mov %1, %%rax\n\t"				\
	"shr $7, %%rax\n\t"				\
	"xor %%rax, %1\n\t"

static unsigned long seed = 88172645463325252;

FUNCTION static void foo(unsigned long n)
{
	FRAME();
	LOOP4(n);
}

FUNCTION static void bar(unsigned long n)
{
	unsigned long x = seed;

	FRAME();
	/* 6 to draw, TEST and JZ, DEC and JNZ */
	asm volatile(DRAW
		     "test $0x100, %1\n\t"
		     "jz 2f\n"
		     "2: dec %0\n\t"
		     "jnz 1b"
		     : "+r" (n), "+r" (x) : : "rax", "cc");
	seed = x;
}

FUNCTION static void qux(unsigned long n)
{
	unsigned long x = seed;

	FRAME();
	/* 6 to draw, twice TEST and JZ, 4 more, DEC and JNZ */
	asm volatile(DRAW
		     "test $0x100, %1\n\t"
		     "jz 2f\n"
		     "2: test $0x4000, %1\n\t"
		     "jz 3f\n"
		     "3: mov %1, %%rax\n\t"
		     "shl $17, %%rax\n\t"
		     "xor %%rax, %1\n\t"
		     "nop\n\t"
		     "dec %0\n\t"
		     "jnz 1b"
		     : "+r" (n), "+r" (x) : : "rax", "cc");
	seed = x;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
	unsigned long n = rounds * 5;

	LOOP4(n);
	foo(rounds * 10);
	bar(rounds * 4);
	qux(rounds * 4);
	return 0;
}
