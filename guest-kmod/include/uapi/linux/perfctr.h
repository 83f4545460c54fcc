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
#define PERFCTR_ABI_VERSION	1

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
 * -ENODEV (perfctr is off for this domain).
 */
struct perfctr_config {
	__u32 size;		/* IN					0x00 */
	__u32 flags;		/* IN: PERFCTR_F_*			0x04 */
	__s32 pid;		/* IN: target thread id, 0: caller	0x08 */
	__u32 nr;		/* IN: 1 .. PERFCTR_MAX_COUNTERS	0x0c */
	__u32 bad_counter;	/* OUT					0x10 */
	__u32 bad_field;	/* OUT: XEN_PERFCTR_BAD_*		0x14 */
	struct perfctr_counter counter[PERFCTR_MAX_COUNTERS];	      /* 0x18 */
};				/*					0x198 */
/* Count the threads and children that the target creates from now on. */
#define PERFCTR_F_INHERIT	(1u << 0)
/* Start when the target execs (before the new program's first instruction). */
#define PERFCTR_F_ENABLE_ON_EXEC (1u << 1)
/* Keep a record of each thread that ends, for PERFCTR_IOC_READ_THREADS. */
#define PERFCTR_F_PER_THREAD	(1u << 2)

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
};				/*					0x90 */
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

#endif /* _UAPI_LINUX_PERFCTR_H */
