// SPDX-License-Identifier: GPL-2.0-only
/*
 * chain.c - call chains, of functions and of a stack made by hand
 */
#define _GNU_SOURCE
#include "sample.h"

/* With frame pointers, so that each call is in the chain. */
#define FRAME __attribute__((noinline, noclone, \
			     optimize("no-omit-frame-pointer", \
				      "no-optimize-sibling-calls")))
static volatile int sink;

static FRAME void nest_inner(unsigned long n)
{
	loop(n);
	sink++;
}

static FRAME void nest_middle(unsigned long n)
{
	nest_inner(n);
	sink++;
}

static FRAME void nest_outer(unsigned long n)
{
	nest_middle(n);
	sink++;
}

void chains(void)
{
	const u64 at[] = { (u64)nest_inner, (u64)nest_middle,
			   (u64)nest_outer };
	struct set s;
	int i;

	/* loop() has no frame: that of its caller is the innermost. */
	for (i = 0; i < 3; i++) {
		if (at[i] < nest_begin)
			nest_begin = at[i];
		if (at[i] + 64 > nest_end)
			nest_end = at[i] + 64;
	}
	set_open(&s, INSTRUCTIONS, 10007, 64, PERFCTR_F_CALLCHAIN);
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	nest_outer(1000000);
	control(&s, PERFCTR_IOC_STOP);
	account(&s, "chains");
	check(s.chains + 2 >= s.records && s.chains > 100,
	      "chains of the nest", s.chains, s.records);
	set_close(&s);
}

/* A stack made by hand: two frames, then whatever @next says. */
static u64 hand_chain(u64 next, unsigned int max)
{
	static u64 stack[512] __attribute__((aligned(4096)));
	struct perfctr_record_sample *r;
	static u64 room[8 + PERFCTR_MAX_STACK];
	unsigned long n = 100000;
	u64 entries = 0, samples = 0;
	struct set s;

	stack[100] = (u64)&stack[110];
	stack[101] = 0x1111;
	stack[110] = next == 1 ? (u64)&stack[100] : next;
	stack[111] = 0x2222;
	set_open(&s, INSTRUCTIONS, 10007, 16, PERFCTR_F_CALLCHAIN);
	s.config.max_stack = max;
	set_configure(&s);
	control(&s, PERFCTR_IOC_START);
	asm volatile("push %%rbp\n\t"
		     "mov %%rsp, %%r12\n\t"
		     "mov %1, %%rsp\n\t"
		     "mov %2, %%rbp\n"
		     "1:	dec %0\n\t"
		     "jnz 1b\n\t"
		     "mov %%r12, %%rsp\n\t"
		     "pop %%rbp"
		     : "+r" (n)
		     : "r" (&stack[90]), "r" (&stack[100])
		     : "r12", "cc", "memory");
	control(&s, PERFCTR_IOC_STOP);
	set_read(&s);
	/* All but the first and the last are of the loop. */
	for (r = (void *)room; s.tail < s.header->data_head;
	     s.tail += r->record.size) {
		copy_out(&s, s.tail, room, sizeof(*r));
		copy_out(&s, s.tail, room, r->record.size);
		if (samples++ == 5) {
			entries = r->nr_chain;
			if (entries && r->chain[0] != 0x1111)
				entries = 99;
			if (entries > 1 && r->chain[1] != 0x2222)
				entries = 98;
		}
	}
	set_close(&s);
	return entries;
}

void hand_chains(void)
{
	equal("chain that ends", hand_chain(0, 0), 2);
	equal("chain cut off", hand_chain(0, 1), 1);
	equal("chain that goes back", hand_chain(1, 0), 2);
	equal("chain to kernel memory", hand_chain(0xffff888000000000, 0), 2);
	equal("chain to nowhere", hand_chain(0x10, 0), 2);
	equal("chain out of the stack", hand_chain((u64)&info & ~7ULL, 0), 2);
	equal("chain not aligned", hand_chain((u64)-1, 0), 2);
	equal("chain odd", hand_chain(3, 0), 2);
}
