/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * slot_read.h: reading a counter in user mode, inlined into the caller.
 *
 * Works in C and C++, on x86-64.  <linux/perfctr.h> defines the slot and the
 * algorithm; here it stands as one asm block per read, because a compiler adds
 * instructions to the plain form.  Counted by the processor itself in a chain
 * of reads, one read is
 *
 *	perfctr_slot_read_unchecked	 9 instructions
 *	perfctr_slot_read		11 instructions
 *
 * Preconditions of both: the calling thread is the one that the slot's set
 * counts.  The unchecked form also needs a set that is counting now, of which
 * perfctr_slot_is_direct() is true: RDPMC of a stopped set kills the program.
 *
 * Why there is no fence: the slot is written only on the CPU where its thread
 * is current or last ran, while that thread is in the kernel or off the CPU.
 * The only thing that can come between two of the loads below is therefore an
 * interrupt of the reader itself.  Interrupts are precise: every load before it
 * saw the old slot, every load after it sees the new one, and RDPMC was either
 * executed before it or will be executed after it.  If anything changed in
 * between, the epoch differs and the read is done again.
 */
#ifndef PERFCTR_SLOT_READ_H
#define PERFCTR_SLOT_READ_H

#include <linux/perfctr.h>
#include <stdint.h>

#if !defined(__x86_64__)
#error "libperfctr is for x86-64"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What a read returns when there is no value; the set's state says why. */
#define PERFCTR_NO_VALUE 0xffffffffffffffffull

/* Out of line: counters that are stopped, or read through the kernel. */
uint64_t perfctr_slot_read_slow(const struct perfctr_slot *slot, unsigned index);
void perfctr_slot_read_all_slow(const struct perfctr_slot *slot, uint64_t *values, unsigned nr);

/* Time of the thread on a CPU in TSC ticks, without time stolen by Xen. */
uint64_t perfctr_slot_time(const struct perfctr_slot *slot);

/* Whether the slot is the kernel's, and not the library's stand-in for one. */
static inline int perfctr_slot_is_direct(const struct perfctr_slot *slot)
{
	return slot->abi == PERFCTR_ABI_VERSION;
}

/* What both reads do, before and after the test of the index. */
#define PERFCTR_ASM_READ_BEGIN \
	"1:	movl	%[slot_epoch], %[epoch]\n" \
	"	movl	%[index], %%ecx\n"
#define PERFCTR_ASM_READ_END \
	"	rdpmc\n" \
	"	movswq	%%dx, %%rdx\n" /* sign: bit 47 */ \
	"	shlq	$32, %%rdx\n" \
	"	orq	%%rdx, %%rax\n" \
	"	addq	%[offset], %%rax\n" \
	"	cmpl	%[slot_epoch], %[epoch]\n" \
	"	jne	1b\n"

static inline uint64_t perfctr_slot_read_unchecked(const struct perfctr_slot *slot, unsigned index)
{
	const struct perfctr_slot_counter *counter = &slot->counter[index];
	uint64_t value;
	uint32_t epoch;

	__asm__ volatile(PERFCTR_ASM_READ_BEGIN
			 PERFCTR_ASM_READ_END
			 : "=&a"(value), [epoch] "=&r"(epoch)
			 : [slot_epoch] "m"(slot->epoch), [index] "m"(counter->index),
			   [offset] "m"(counter->offset)
			 : "rcx", "rdx", "cc", "memory");
	return value;
}

static inline uint64_t perfctr_slot_read(const struct perfctr_slot *slot, unsigned index)
{
	const struct perfctr_slot_counter *counter = &slot->counter[index];
	uint64_t value;
	uint32_t epoch;

	/* NO_RDPMC is the sign bit of the index. */
	__asm__ volatile goto(PERFCTR_ASM_READ_BEGIN
		     "	testl	%%ecx, %%ecx\n"
		     "	js	%l[slow]\n"
		     PERFCTR_ASM_READ_END
		     : "=&a"(value), [epoch] "=&r"(epoch)
		     : [slot_epoch] "m"(slot->epoch), [index] "m"(counter->index),
		       [offset] "m"(counter->offset)
		     : "rcx", "rdx", "cc", "memory"
		     : slow);
	/*
	 * No instruction.  GCC 12 stops with an internal error when it makes
	 * vectors of values that asm goto defines.
	 */
	__asm__("" : "+r"(value));
	return value;
slow:
	return perfctr_slot_read_slow(slot, index);
}

#undef PERFCTR_ASM_READ_BEGIN
#undef PERFCTR_ASM_READ_END

#ifdef __cplusplus
}
#endif

#endif /* PERFCTR_SLOT_READ_H */
