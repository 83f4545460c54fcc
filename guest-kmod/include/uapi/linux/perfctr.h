/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * perfctr: paravirtual performance counters for Xen guests, user interface
 *
 * open("/dev/perfctr") gives a counter set: a file descriptor that holds up to
 * PERFCTR_MAX_COUNTERS counters of one target thread (the caller, unless a pid
 * is named), and, with PERFCTR_F_INHERIT, of the threads and children which it
 * creates afterwards.  All counters of a set count together or not at all.
 * Closing the last reference to the descriptor ends the set.
 *
 * The set's owner may map its thread slot read-only and read the counters in
 * user mode, without a system call, a trap or a hypercall:
 *
 *	struct perfctr_slot *s = mmap(NULL, info.mmap_size, PROT_READ,
 *				      MAP_SHARED | MAP_POPULATE, fd, 0);
 *
 *	do {
 *		epoch  = READ_ONCE(s->epoch);
 *		index  = READ_ONCE(s->counter[i].index);
 *		offset = READ_ONCE(s->counter[i].offset);
 *		if (index & PERFCTR_NO_RDPMC) {
 *			// not counting now: the offset is the whole value
 *			// (sampling counters: use PERFCTR_IOC_READ)
 *			value = offset;
 *		} else {
 *			// the raw counter is sign-extended from info.width
 *			// bits first, then added
 *			value = offset + sign_extend(rdpmc(index), info.width);
 *		}
 *	} while (READ_ONCE(s->epoch) != epoch);
 *
 * Only the target thread itself may use its slot.  The kernel writes the slot
 * on the CPU where the thread is current or last ran, while the thread is in
 * kernel mode or off the CPU; an interrupt of the reader is therefore the only
 * thing that can come between its loads, and it bumps the epoch.  No fence and
 * no odd/even protocol is needed.  Other threads and processes use
 * PERFCTR_IOC_READ.  To read several counters as one snapshot, read all of them
 * between one load of the epoch and one comparison.
 *
 * The thread's time on a CPU in TSC ticks, time stolen by the hypervisor
 * excluded, is read the same way when slot.time_record is not 0:
 *
 *	do {
 *		epoch   = s->epoch;
 *		// inside the loop: another virtual CPU has another record
 *		struct perfctr_time_record *t = (void *)s + s->time_record;
 *		version = t->version;
 *		time    = s->time_offset + rdtsc() - t->stolen;
 *	} while (s->epoch != epoch || t->version != version);
 *
 * Xen writes the record while the virtual CPU is off its CPU, so the version
 * that a thread on that virtual CPU reads is always even.
 */
#ifndef _UAPI_LINUX_PERFCTR_H
#define _UAPI_LINUX_PERFCTR_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Changes when an old program could misread a structure. */
#define PERFCTR_ABI_VERSION	2

#define PERFCTR_MAX_COUNTERS	12

/* In an index: no RDPMC, see the algorithm above. */
#define PERFCTR_NO_RDPMC	0x80000000u

/* slot.state */
#define PERFCTR_STATE_FREE	0	/* no counters configured */
#define PERFCTR_STATE_STOPPED	1	/* configured, not counting */
#define PERFCTR_STATE_RUNNING	2	/* counting */
#define PERFCTR_STATE_LOST	3	/* values cannot be trusted any more */
#define PERFCTR_STATE_REVOKED	4	/* frozen by the domain's policy */
#define PERFCTR_STATE_EXITED	5	/* the target thread has exited */

struct perfctr_slot_counter {
	__u64 offset;		/* 0x00 */
	__u32 index;		/* 0x08: ECX for RDPMC, or PERFCTR_NO_RDPMC */
	__u32 zero;		/* 0x0c */
};

/* A thread slot; three counters fit in the first cache line. */
struct perfctr_slot {
	__u32 epoch;		/* 0x00 */
	__u32 state;		/* 0x04: PERFCTR_STATE_* */
	__u32 nr;		/* 0x08: counters in use */
	__u32 abi;		/* 0x0c: PERFCTR_ABI_VERSION */
	struct perfctr_slot_counter counter[PERFCTR_MAX_COUNTERS]; /* 0x10 */
	__u64 time_offset;	/* 0xd0: TSC ticks */
	__u32 time_record;	/* 0xd8: offset from the slot, 0: none */
	__u32 zero[9];		/* 0xdc */
};				/* 0x100 */

/* Written by Xen, one per virtual CPU; in the mapping after the slot's page. */
struct perfctr_time_record {
	__u32 version;		/* 0x00 */
	__u32 zero;		/* 0x04 */
	__u64 stolen;		/* 0x08: TSC ticks off the CPU */
	__u64 pad[6];		/* 0x10 */
};				/* 0x40 */

/* PERFCTR_IOC_INFO: anybody who may open the device. */
struct perfctr_info {
	__u32 size;		/* IN: sizeof(struct perfctr_info)	0x00 */
	__u32 abi;		/* OUT: PERFCTR_ABI_VERSION		0x04 */
	__u32 hv_abi;		/* OUT: XEN_PERFCTR_ABI			0x08 */
	__u32 flags;		/* OUT: PERFCTR_INFO_*			0x0c */
	__u32 vendor;		/* OUT: 1 Intel, 2 AMD			0x10 */
	__u32 pmu_version;	/* OUT: architectural PMU version	0x14 */
	__u32 nr_gp;		/* OUT: general counters		0x18 */
	__u32 nr_fixed;		/* OUT: fixed counters			0x1c */
	__u32 width;		/* OUT: counter width in bits		0x20 */
	__u32 tier;		/* OUT: 0 off 1 ipc 2 arch 3 full	0x24 */
	__u32 mmap_size;	/* OUT: bytes to map			0x28 */
	__u32 tsc_khz;		/* OUT: 0 when unknown			0x2c */
	__u64 min_period;	/* OUT: least sampling period		0x30 */
	__u64 hypercalls_perfctr; /* OUT: by all VCPUs, since the	0x38 */
	__u64 hypercalls_other;	/*      module was loaded; IRET excluded 0x40 */
	__u64 active_threads;	/* OUT: threads counted now		0x48 */
};				/*					0x50 */
#define PERFCTR_INFO_PV		(1u << 0) /* paravirtualised guest */
#define PERFCTR_INFO_FAST	(1u << 1) /* module option fast=1 is on */
#define PERFCTR_INFO_KERNEL	(1u << 2) /* policy allows kernel counting */
#define PERFCTR_INFO_HYP	(1u << 3) /* policy allows hypervisor counting */
#define PERFCTR_INFO_SAMPLE	(1u << 4) /* sampling is supported */

/* One counter; `event` as in xen_perfctr_counter. */
struct perfctr_counter {
	__u64 event;		/* IN					0x00 */
	__u32 domain;		/* IN: PERFCTR_DOM_*			0x08 */
	__u32 mode;		/* IN: PERFCTR_MODE_*			0x0c */
	__u64 period;		/* IN: sampling period, or 0		0x10 */
	__u32 rdpmc;		/* OUT: index for RDPMC			0x18 */
	__u32 zero;		/* IN: 0				0x1c */
};
#define PERFCTR_DOM_USER	(1u << 0)
#define PERFCTR_DOM_KERNEL	(1u << 1) /* needs CAP_PERFMON */
#define PERFCTR_DOM_HYP		(1u << 2) /* needs CAP_PERFMON */
#define PERFCTR_MODE_ACCUMULATE	0
#define PERFCTR_MODE_SAMPLE	1

/*
 * PERFCTR_IOC_CONFIGURE: once per descriptor, before anything else but INFO.
 *
 * pid 0 is the calling thread.  Another thread needs CAP_PERFMON, or the caller
 * traces it (PTRACE_SEIZE) already; -EPERM otherwise.
 *
 * Errors: -EINVAL (bad_field, bad_counter name the part), -ENOENT (bad_counter's
 * event is not in Xen's table), -ENOSPC (no hardware counter left for
 * bad_counter, or no configuration left), -EACCES (the domain's policy refuses
 * bad_counter), -EOPNOTSUPP (sampling), -EBUSY (already configured, or the target
 * is counted by another set), -ESRCH, -EPERM (not allowed to the caller),
 * -EAGAIN (the user has too many threads counted, or too many different
 * configurations in use), -ENODEV (perfctr is off for this domain).
 */
struct perfctr_config {
	__u32 size;		/* IN					0x00 */
	__u32 flags;		/* IN: PERFCTR_F_*			0x04 */
	__s32 pid;		/* IN: target thread id, 0: caller	0x08 */
	__u32 nr;		/* IN: 1 .. PERFCTR_MAX_COUNTERS	0x0c */
	__u32 bad_counter;	/* OUT					0x10 */
	__u32 bad_field;	/* OUT: XEN_PERFCTR_BAD_*		0x14 */
	struct perfctr_counter counter[PERFCTR_MAX_COUNTERS];	      /* 0x18 */
	__u32 signal;		/* IN: per sample, 0: none; see below	0x198 */
	__u32 buffer_pages;	/* IN: sample buffer, power of two or 0	0x19c */
	__u32 wakeup;		/* IN: bytes that wake poll(), 0: half	0x1a0 */
	__u32 max_stack;	/* IN: most entries of a call chain	0x1a4 */
};				/*					0x1a8 */
/* Count the threads and children that the target creates from now on. */
#define PERFCTR_F_INHERIT	(1u << 0)
/* Start when the target execs (before the new program's first instruction). */
#define PERFCTR_F_ENABLE_ON_EXEC (1u << 1)
/* Keep a record of each thread that ends, for PERFCTR_IOC_READ_THREADS. */
#define PERFCTR_F_PER_THREAD	(1u << 2)
/*
 * Deliver each sample before the next user instruction of the sampled thread,
 * instead of in batches.  Implied by CALLCHAIN and by a signal.  Its counters
 * can then be read with RDPMC; otherwise those that sample have NO_RDPMC.
 */
#define PERFCTR_F_NOTIFY	(1u << 3)
/* Walk the frame pointers of the sampled thread's user stack. */
#define PERFCTR_F_CALLCHAIN	(1u << 4)

#define PERFCTR_MAX_BUFFER_PAGES	4096
#define PERFCTR_MAX_STACK	127

/*
 * The signal goes to the sampled thread, in the process that configured the set
 * only, and not after an exec.  si_code is PERFCTR_SI_OVERFLOW and si_int the
 * mask of the counters that overflowed, as in the original perfctr.
 */
#define PERFCTR_SI_OVERFLOW	(-8)

/*
 * The sample buffer, of all threads of the set: mapped shared, read-write, at
 * PERFCTR_MMAP_BUFFER, 1 + buffer_pages pages.  The first page holds the header,
 * records follow in the others.  data_head and data_tail are free-running byte
 * counts.  The reader loads data_head (acquire), consumes, and stores data_tail
 * (release).  A record may wrap at the buffer's end.  The kernel never reads
 * anything back but data_tail, and overwrites nothing that is not consumed:
 * what finds no room is lost, and a LOST record says how much when there is room
 * again.  poll() reports EPOLLIN when `wakeup` bytes wait, and EPOLLHUP when all
 * threads have ended.  PERFCTR_IOC_READ brings all samples taken so far into the
 * buffer.
 */
#define PERFCTR_MMAP_BUFFER	0x100000

struct perfctr_buffer {
	__u32 abi;		/* PERFCTR_ABI_VERSION			0x00 */
	__u32 data_offset;	/* of the records, from here		0x04 */
	__u64 data_size;	/* bytes, a power of two		0x08 */
	__u64 pad0[6];		/*					0x10 */
	__u64 data_head;	/* written by the kernel		0x40 */
	__u64 pad1[7];		/*					0x48 */
	__u64 data_tail;	/* written by the reader		0x80 */
	__u64 pad2[7];		/*					0x88 */
};				/*					0xc0 */

/* Sizes are multiples of 8. */
struct perfctr_record {
	__u32 type;		/* PERFCTR_RECORD_*			0x00 */
	__u16 mode;		/* PERFCTR_IN_*				0x04 */
	__u16 size;		/* of the record, this header included	0x06 */
};
#define PERFCTR_RECORD_SAMPLE	1
#define PERFCTR_RECORD_LOST	2

/* Where the sample's instruction ran; the numbers of perf's cpumode. */
#define PERFCTR_IN_KERNEL	1
#define PERFCTR_IN_USER		2
#define PERFCTR_IN_HYPERVISOR	3

struct perfctr_record_sample {
	struct perfctr_record record;	/*				0x00 */
	__u64 ip;		/* next instruction; 0: hidden		0x08 */
	__u64 time;		/* CLOCK_MONOTONIC ns			0x10 */
	__u32 pid;		/* in the name space of the set's maker	0x18 */
	__u32 tid;		/*					0x1c */
	__u32 cpu;		/*					0x20 */
	__u32 counters;		/* bit i: counter i overflowed		0x24 */
	__u64 period;		/* of the lowest of these		0x28 */
	__u64 count;		/* of the thread, of the lowest of these 0x30 */
	__u32 flags;		/* PERFCTR_SAMPLE_*			0x38 */
	__u32 nr_chain;		/* entries that follow			0x3c */
	__u64 chain[];		/* return addresses, innermost first	0x40 */
};
/* The overflowing instruction entered the kernel or Xen; ip: its return. */
#define PERFCTR_SAMPLE_ENTERED	(1u << 0)

/* Overflows of a thread's counter, or records, of which there is no record. */
struct perfctr_record_lost {
	struct perfctr_record record;	/*				0x00 */
	__u64 lost;		/*					0x08 */
	__u64 time;		/* CLOCK_MONOTONIC ns			0x10 */
	__u32 pid;		/*					0x18 */
	__u32 tid;		/*					0x1c */
	__u32 counter;		/* which				0x20 */
	__u32 why;		/* PERFCTR_LOST_*			0x24 */
};				/*					0x28 */
#define PERFCTR_LOST_RATE	0	/* above Xen's rate, or its ring full */
#define PERFCTR_LOST_BUFFER	1	/* the sample buffer was full */

/*
 * PERFCTR_IOC_PERIOD: another period from now on, for all threads of the set.
 * Errors as those of PERFCTR_IOC_CONFIGURE for the period.
 */
struct perfctr_period {
	__u32 size;		/* IN					0x00 */
	__u32 counter;		/* IN: one that samples			0x04 */
	__u64 period;		/* IN					0x08 */
};				/*					0x10 */

/* PERFCTR_IOC_READ: the sum over the target and all that inherited. */
struct perfctr_read {
	__u32 size;		/* IN					0x00 */
	__u32 flags;		/* IN: PERFCTR_READ_*			0x04 */
	__u32 state;		/* OUT: PERFCTR_STATE_* of the target	0x08 */
	__u32 nr;		/* OUT: counters			0x0c */
	__u64 value[PERFCTR_MAX_COUNTERS];		/* OUT		0x10 */
	__u64 time_enabled;	/* OUT: ns since started, stops excluded 0x70 */
	__u64 time_running;	/* OUT: ns on a CPU while counting	0x78 */
	__u64 time_stolen;	/* OUT: ns of those stolen by Xen	0x80 */
	__u32 nr_threads;	/* OUT: threads counted, ended included	0x88 */
	__u32 lost;		/* OUT: threads lost or revoked: too low	0x8c */
	__u64 missed[PERFCTR_MAX_COUNTERS];	/* OUT: overflows for	0x90 */
				/* which there is no sample, LOST_RATE */
	__u64 buffer_lost;	/* OUT: samples for which no room was	0xf0 */
};				/*					0xf8 */
/* Only the target thread itself, without those that inherited. */
#define PERFCTR_READ_TARGET	(1u << 0)

/* PERFCTR_IOC_READ_THREADS: one record per thread, ended ones first. */
struct perfctr_thread {
	__s32 tid;		/*					0x00 */
	__s32 pid;		/*					0x04 */
	__u32 state;		/* PERFCTR_STATE_*			0x08 */
	__u32 zero;		/*					0x0c */
	char comm[16];		/*					0x10 */
	__u64 value[PERFCTR_MAX_COUNTERS];			/*	0x20 */
	__u64 time_enabled;	/*					0x80 */
	__u64 time_running;	/*					0x88 */
	__u64 time_stolen;	/*					0x90 */
};				/*					0x98 */

struct perfctr_read_threads {
	__u32 size;		/* IN					0x00 */
	__u32 nr;		/* IN: room; OUT: records that exist	0x04 */
	__u64 threads;		/* IN: address of struct perfctr_thread[] 0x08 */
};				/*					0x10 */

#define PERFCTR_IOC_MAGIC	0xd0
#define PERFCTR_IOC_INFO	_IOWR(PERFCTR_IOC_MAGIC, 0, struct perfctr_info)
#define PERFCTR_IOC_CONFIGURE	_IOWR(PERFCTR_IOC_MAGIC, 1, struct perfctr_config)
#define PERFCTR_IOC_START	_IO(PERFCTR_IOC_MAGIC, 2)
#define PERFCTR_IOC_STOP	_IO(PERFCTR_IOC_MAGIC, 3)
#define PERFCTR_IOC_RESET	_IO(PERFCTR_IOC_MAGIC, 4)
#define PERFCTR_IOC_READ	_IOWR(PERFCTR_IOC_MAGIC, 5, struct perfctr_read)
#define PERFCTR_IOC_READ_THREADS \
	_IOWR(PERFCTR_IOC_MAGIC, 6, struct perfctr_read_threads)
#define PERFCTR_IOC_PERIOD	_IOW(PERFCTR_IOC_MAGIC, 7, struct perfctr_period)

#endif /* _UAPI_LINUX_PERFCTR_H */
