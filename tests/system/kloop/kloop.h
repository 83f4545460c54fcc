/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kloop.h - a loop of known length in the kernel, /dev/kloop
 */
#ifndef TESTS_KLOOP_H
#define TESTS_KLOOP_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * KLOOP_RUN: reads a counter with RDPMC, executes the loop, reads it again.  Between
 * the two readings lie, of the kernel's instructions
 *
 *	the first RDPMC, SHL, OR, MOV, MOV	5
 *	`rounds` times DEC and JNZ		2 * rounds
 *
 * and `rounds` branches, all of them conditional.
 */
struct kloop_run {
	__u32 rdpmc;		/* IN: its index */
	__u32 zero;
	__u64 rounds;		/* IN: 1 .. 2^32 - 1 */
	__u64 difference;	/* OUT: second reading less the first */
};
#define KLOOP_INSTRUCTIONS(rounds)	(5 + 2 * (rounds))
#define KLOOP_BRANCHES(rounds)		(rounds)

#define KLOOP_RUN	_IOWR('L', 0, struct kloop_run)

#endif
