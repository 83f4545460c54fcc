/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfctr: paravirtual performance counters for Xen guests, internal header
 *
 * Objects and who holds them:
 *
 *   pc_set     a file descriptor: configuration, limits of use, list of threads
 *   pc_thread  one counted thread of a set: saved counts, slot, switch notifier
 *   pc_handle  a configuration that Xen knows, shared by all equal sets
 *   pc_vcpu    per CPU: the page shared with Xen, what its hardware counts, the
 *              ring into which Xen writes samples
 *   pc_buffer  a set's samples, mapped by its process
 *
 * Lock order: pc_set.mutex, pc_set.lock, pc_thread.lock, pc_buffer.lock, pc_vcpu
 * (no lock: used by its own CPU only, with interrupts off).  pc_set.lock is only
 * ever taken with interrupts on, so that its holder may wait for an interrupt on
 * another CPU; pc_thread.lock and pc_buffer.lock are taken with interrupts off
 * and, at thread switches, inside the run queue's lock: their holder must not
 * wake anybody, pc_set_wake() does it later.
 */
#ifndef PERFCTR_H
#define PERFCTR_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/perfctr.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <asm/asm.h>
#include <public/perfctr.h>

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

struct file;
struct mm_struct;
struct pid_namespace;
struct poll_table_struct;
struct vm_area_struct;

/* What the hardware of a CPU counts, or has been asked to count. */
struct pc_hw {
	u32 handle;
	u32 seq;
	u64 mm;			/* id of the address space it counts for */
	bool samples;		/* has a counter that Xen reloads */
	bool reloads;		/* also while this kernel runs */
};

/* The return addresses on the user stack of the thread that is interrupted. */
struct pc_chain {
	u64 ip;			/* where it is */
	unsigned int nr;
	u64 entry[PERFCTR_MAX_STACK];
};

/**
 * struct pc_vcpu - a CPU of this guest, used by itself with interrupts off
 * @page:	page shared with Xen, NULL while not registered
 * @time:	this CPU's time record
 * @time_record: where that lies, seen from a slot in a user mapping; 0: nowhere
 * @stale:	set after a resume: Xen may have forgotten the page
 * @irq:	of the counters' virtual interrupt
 * @seq:	last sequence number used in a request
 * @hw:		last request that Xen has looked at, as far as noticed
 * @req:	last request; equal to @hw when none is pending
 * @steady:	version of the page that tells that the hardware counts @hw, which
 *		stands still in this kernel, and that nothing else is wanted or
 *		to be seen to; odd: not known
 * @thread:	counted thread that is on this CPU
 * @ring_nr:	pages of the ring that Xen knows, 0: there is none
 * @ring_tail:	first record that is not consumed
 * @strays:	records that were nobody's
 * @ring:	the ring's pages
 * @chain:	for the interrupt handler
 * @base_perfctr: hypercalls when the page was registered
 * @base_other:	likewise
 */
struct pc_vcpu {
	struct xen_perfctr_vcpu_page *page;
	struct perfctr_time_record *time;
	u32 time_record;
	bool stale;
	int irq;
	u32 seq;
	struct pc_hw hw;
	struct pc_hw req;
	u32 steady;
	struct pc_thread *thread;
	u32 ring_nr;
	u32 ring_tail;
	u64 strays;
	void *ring[XEN_PERFCTR_MAX_RING_PAGES];
	struct pc_chain chain;
	u64 base_perfctr;
	u64 base_other;
};

/**
 * struct pc_handle - a configuration that Xen knows
 * @node:	in the list of all handles
 * @users:	sets that use it, 0: kept for the next one
 * @uid:	who made it, or was the first to use it again
 * @handle:	Xen's name for it, 0: lost
 * @nr:		counters
 * @flags:	XEN_PERFCTR_CONFIG_*
 * @at_once:	a new request must not wait for the return to user mode
 * @sampling:	has a counter that Xen reloads
 * @still:	no counter changes while this kernel runs
 * @reloads:	Xen may reload one while this kernel runs
 * @counter:	as registered, with the RDPMC index
 */
struct pc_handle {
	struct list_head node;
	unsigned int users;
	kuid_t uid;
	u32 handle;
	u32 nr;
	u32 flags;
	u32 policy;		/* Xen's number of the policy that allowed it */
	bool at_once;
	bool sampling;
	bool still;
	bool reloads;
	struct xen_perfctr_counter counter[PERFCTR_MAX_COUNTERS];
};

/* Counts and times of a thread, or of many. */
struct pc_sum {
	u64 value[PERFCTR_MAX_COUNTERS];
	u64 missed[PERFCTR_MAX_COUNTERS];
	u64 enabled;		/* ns */
	u64 run;		/* TSC ticks, stolen ones included */
	u64 stolen;		/* TSC ticks */
	u32 state;
};

/**
 * struct pc_count - a bound thread's counters at one moment
 * @value:	its counts
 * @resid:	raw values; of sampling counters as if each period had been taken
 *		off when it was full, between -period and -1
 * @reload:	Xen's reload sums
 * @missed:	of its overflows, those without a record, since it was created
 * @head:	the ring's: records before it belong to these counts
 */
struct pc_count {
	u64 value[PERFCTR_MAX_COUNTERS];
	u64 resid[PERFCTR_MAX_COUNTERS];
	u64 reload[PERFCTR_MAX_COUNTERS];
	u64 missed[PERFCTR_MAX_COUNTERS];
	u32 head;
};

/**
 * struct pc_user - what one user id holds
 * @node:	in the table of users
 * @uid:	whose
 * @threads:	contexts
 */
struct pc_user {
	struct hlist_node node;
	kuid_t uid;
	unsigned int threads;
};

/**
 * struct pc_set - a counter set, the object behind a file descriptor
 * @ref:	one for the file, one per thread
 * @mutex:	serialises configuration and control
 * @lock:	protects all that follows
 * @threads:	pc_threads that can still be read one by one
 * @target:	the thread that the set was made for
 * @handle:	configuration, NULL before PERFCTR_IOC_CONFIGURE; changes under
 *		both locks
 * @buffer:	samples, or NULL
 * @flags:	PERFCTR_F_*
 * @signal:	to send with samples, or 0
 * @max_stack:	most entries of a call chain
 * @mm:		id of the configuring process' address space: gone with an exec
 * @ready:	configured for good
 * @closed:	the file is gone
 * @privileged:	the configuring process was allowed to see everything
 * @uid:	its user
 * @tgid:	its thread group
 * @ns:		its process ids
 * @ended:	sum over threads that ended and have no context any more
 * @nr_threads:	threads counted, ended ones included
 * @lost:	threads that could not be counted or lost their counts and ended
 * @live:	threads that have neither ended nor been dropped
 * @buffer_lost: samples for which @buffer had no room
 * @wait:	who polls
 * @wake:	wakes them
 * @free:	frees it
 */
struct pc_set {
	struct kref ref;
	struct mutex mutex;		/* configuration and control */
	spinlock_t lock;		/* see above */
	struct list_head threads;
	struct pc_thread *target;
	struct pc_handle *handle;
	struct pc_buffer *buffer;
	u32 flags;
	u32 signal;
	u32 max_stack;
	u64 mm;
	bool ready;
	bool closed;
	bool privileged;
	kuid_t uid;
	struct pid *tgid;
	struct pid_namespace *ns;
	struct pc_sum ended;
	u32 nr_threads;
	u32 lost;
	atomic_t live;
	atomic64_t buffer_lost;
	wait_queue_head_t wait;
	struct irq_work wake;
	struct work_struct free;
};

/**
 * struct pc_thread - a counted thread
 * @ref:	one for the set's list, one while it is attached or will be
 * @set:	whose
 * @user:	who pays for it
 * @id:		never reused
 * @node:	in @set->threads
 * @hash:	in the table of counted tasks
 * @pn:		switch notifier
 * @work:	attaches or detaches it, in the thread itself
 * @free:	frees it
 * @slot:	the slot, in @page or @own
 * @page:	what the process maps, NULL for threads that inherited
 * @own:	slot nobody maps
 * @lock:	protects all that follows; interrupts off
 * @handle:	the set's, except while PERFCTR_IOC_PERIOD changes it, or the last
 *		one that it had
 * @task:	the thread, NULL after its end
 * @cpu:	CPU it is on, as far as the notifiers have told; -1: none
 * @state:	PERFCTR_STATE_*
 * @attached:	the notifier is registered
 * @dead:	the set does not want it any more
 * @live:	it is one of the set's @live
 * @on_exec:	start at exec
 * @shown:	its process has been given indexes for RDPMC
 * @indexed:	pc_indexed when the slot got its state and indexes, which have not
 *		changed since; 0: they have, or offsets are not all
 * @bound:	the slot's offsets belong to request @seq of @cpu
 * @seq:	see @bound
 * @signals:	counters to send a signal for
 * @time:	of its last sample
 * @base:	counts less raw values and reloads since the last bind
 * @saved:	counts at the last fold
 * @resid:	for sampling counters, where the next start
 * @reload:	Xen's reload sums at the last bind, for sampling counters
 * @missed:	overflows without a record, at the last fold
 * @missed_at:	Xen's count of them at the last bind
 * @told:	those of them that LOST records have told of
 * @enabled:	ns enabled up to the last stop
 * @enabled_at:	when it was started
 * @run:	TSC ticks on a CPU, up to the last unbind; while bound, less the TSC
 *		at the bind: the TSC has to be added
 * @stolen:	those of them stolen; while bound likewise less the time record
 * @tid:	noted at the end
 * @pid:	noted at the end
 * @comm:	noted at the end
 */
struct pc_thread {
	struct kref ref;
	struct pc_set *set;
	struct pc_user *user;
	u64 id;
	struct list_head node;
	struct hlist_node hash;
	struct preempt_notifier pn;
	struct callback_head work;
	struct work_struct free;
	struct perfctr_slot *slot;
	struct page *page;
	struct perfctr_slot own;

	raw_spinlock_t lock;	/* see above */
	const struct pc_handle *handle;
	struct task_struct *task;
	int cpu;
	u32 state;
	bool attached;
	bool dead;
	bool live;
	bool on_exec;
	bool shown;
	bool bound;
	u32 indexed;
	u32 seq;
	u32 signals;
	u64 time;
	u64 base[PERFCTR_MAX_COUNTERS];
	u64 saved[PERFCTR_MAX_COUNTERS];
	u64 resid[PERFCTR_MAX_COUNTERS];
	u64 reload[PERFCTR_MAX_COUNTERS];
	u64 missed[PERFCTR_MAX_COUNTERS];
	u64 missed_at[PERFCTR_MAX_COUNTERS];
	u64 told[PERFCTR_MAX_COUNTERS];
	u64 enabled;
	u64 enabled_at;
	u64 run;
	u64 stolen;
	pid_t tid;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* The thread has run on without being counted: a sum must say so. */
static inline bool pc_incomplete(u32 state)
{
	return state == PERFCTR_STATE_LOST || state == PERFCTR_STATE_REVOKED;
}

/* perfctr_main.c */
extern struct xen_perfctr_query pc_caps;
extern bool pc_fast;
extern u64 pc_sign;
extern unsigned int pc_start_bias_bits;
extern unsigned int pc_max_threads_per_user;
extern unsigned int pc_max_configs_per_user;
extern unsigned int pc_ring_pages;
extern atomic_t pc_active;
extern struct workqueue_struct *pc_wq;

static inline bool pc_iret_apply(void)
{
	return pc_caps.flags & XEN_PERFCTR_CAP_IRET_APPLY;
}

/* Accumulating counters start here, this many events before zero. */
static inline u64 pc_start_value(void)
{
	return -(1ULL << pc_start_bias_bits);
}

static inline u64 pc_sext(u64 raw)
{
	return sign_extend64(raw, pc_caps.width - 1);
}

/* perfctr_hcall.c */
int pc_hv_query(struct xen_perfctr_query *q);
int pc_hv_register(unsigned int vcpu, void *page, void *record);
int pc_hv_unregister(unsigned int vcpu);
int pc_hv_ring(unsigned int vcpu, void *const *pages, unsigned int nr);
int pc_hv_config_create(struct xen_perfctr_config *config);
int pc_hv_config_destroy(u32 handle);
int pc_hv_apply(void);

/* perfctr_vcpu.c */
DECLARE_PER_CPU(struct pc_vcpu, pc_vcpus);
int pc_vcpu_init(void);
void pc_vcpu_exit(void);
int pc_vcpu_register(struct pc_vcpu *c, unsigned int cpu);
void pc_vcpu_mark_stale(void);
u32 pc_vcpu_mmap_size(void);
unsigned int pc_vcpu_time_pages(void);
struct page *pc_vcpu_time_page(unsigned int i);
void pc_vcpu_hypercalls(u64 *perfctr, u64 *other);

/* perfctr_ring.c */
int pc_ring_alloc(struct pc_vcpu *c);
void pc_ring_free(struct pc_vcpu *c);
void pc_ring_register(struct pc_vcpu *c, unsigned int cpu);
void pc_ring_consumed(struct pc_vcpu *c);
void pc_ring_drop(struct pc_vcpu *c);

static inline u32 pc_ring_head(const struct pc_vcpu *c)
{
	return c->ring_nr ? READ_ONCE(c->page->pub.ring_head) : c->ring_tail;
}

/* perfctr_request.c */
#define PC_NOT_STEADY	1	/* the VCPU itself sees even versions only */
void pc_request_sync(struct pc_vcpu *c);
bool pc_request_holds(const struct pc_vcpu *c, const struct pc_handle *h,
		      u64 mm);
void pc_request_withdraw(struct pc_vcpu *c);
void pc_request_write(struct pc_vcpu *c, const struct pc_handle *h,
		      const u64 *start, u64 cookie, u64 mm);
void pc_request_apply(struct pc_vcpu *c);
void pc_request_release(struct pc_vcpu *c);
void pc_request_expel(struct pc_vcpu *c, u64 mm);
void pc_request_quiet(struct pc_vcpu *c);
void pc_request_steady(struct pc_vcpu *c, const struct pc_handle *h);

/* perfctr_config.c */
struct pc_handle *pc_handle_get(struct perfctr_config *config, kuid_t uid,
				bool privileged);
void pc_handle_put(struct pc_handle *h);
void pc_handle_restore_all(void);
void pc_handle_exit(void);

/* perfctr_limit.c */
struct pc_user *pc_user_charge(kuid_t uid, bool privileged);
void pc_user_uncharge(struct pc_user *user);

/* perfctr_slot.c */
extern u32 pc_indexed;
void pc_slot_init(struct pc_thread *t);
void pc_slot_live(struct pc_thread *t, const struct pc_vcpu *c);
void pc_slot_reload(struct pc_thread *t, const u64 *reload);
void pc_slot_idle(struct pc_thread *t);
int pc_slot_mmap(struct pc_thread *t, struct vm_area_struct *vma);
void pc_slot_forget_indexes(void);

static inline void pc_slot_bump(struct perfctr_slot *s)
{
	/* Last, so that the compiler does not move a store behind it. */
	barrier();
	s->epoch++;
}

static inline void pc_slot_time(struct perfctr_slot *s, u64 offset, u32 record)
{
	s->time_offset = offset;
	s->time_record = record;
}

/* perfctr_buffer.c */
struct pc_buffer *pc_buffer_alloc(unsigned int nr_pages, u32 wakeup);
void pc_buffer_free(struct pc_buffer *b);
void pc_buffer_begin(struct pc_buffer *b);
bool pc_buffer_put(struct pc_buffer *b, const void *record, size_t size,
		   const void *more, size_t more_size);
void pc_buffer_lose(struct pc_buffer *b);
bool pc_buffer_end(struct pc_buffer *b);
bool pc_buffer_flush(struct pc_buffer *b);
bool pc_buffer_ready(struct pc_buffer *b, bool any);
int pc_buffer_mmap(struct pc_buffer *b, struct vm_area_struct *vma);

/* perfctr_count.c: t->lock is held, t is bound on this CPU, c */
int pc_count(const struct pc_thread *t, const struct pc_vcpu *c,
	     struct pc_count *n);

/* perfctr_chain.c */
void pc_chain_walk(struct pc_chain *chain, unsigned int max);

/* perfctr_sample.c */
void pc_sample_drain(struct pc_thread *t, struct pc_vcpu *c,
		     const struct pc_count *n, const struct pc_chain *chain);
void pc_sample_signal(const struct pc_set *set, u32 counters);

/* perfctr_bind.c: t->lock is held; c is the CPU that t is on */
bool pc_applied(const struct pc_thread *t, struct pc_vcpu *c);
int pc_collect(struct pc_thread *t, struct pc_vcpu *c, struct pc_count *n,
	       const struct pc_chain *chain);
u32 pc_verdict(const struct pc_thread *t, const struct pc_vcpu *c);
void pc_set_state(struct pc_thread *t, u32 state);
void pc_sched_bind(struct pc_thread *t, struct pc_vcpu *c);
void pc_sched_unbind(struct pc_thread *t, struct pc_vcpu *c);
u64 pc_sched_mm(void);

/* perfctr_control.c: t->lock is held; c is the CPU that t is on, or NULL */
int pc_sched_start(struct pc_thread *t, struct pc_vcpu *c);
void pc_sched_stop(struct pc_thread *t, struct pc_vcpu *c, u32 state);
void pc_sched_reset(struct pc_thread *t, struct pc_vcpu *c);
void pc_sched_sum(struct pc_thread *t, struct pc_vcpu *c, struct pc_sum *sum);
void pc_sched_move(struct pc_thread *t, struct pc_vcpu *c,
		   const struct pc_handle *h);

/* perfctr_virq.c */
void pc_virq_handle(struct pc_vcpu *c);

/* perfctr_sched.c */
extern struct preempt_ops pc_sched_ops;

/* perfctr_thread.c */
typedef int (*pc_thread_fn)(struct pc_thread *t, struct pc_vcpu *c, void *arg);
struct pc_thread *pc_thread_alloc(struct pc_set *set, struct task_struct *task,
				  gfp_t gfp);
void pc_thread_put(struct pc_thread *t);
void pc_thread_put_now(struct pc_thread *t);
int pc_thread_claim(struct pc_thread *t);
int pc_thread_attach(struct pc_thread *t);
void pc_thread_close(struct pc_thread *t);
void pc_thread_leave(struct pc_thread *t, u32 state);
void pc_thread_exit(struct pc_thread *t);
void pc_thread_fork(struct pc_thread *parent, struct task_struct *child);
void pc_thread_gone(struct pc_thread *t);
void pc_thread_use(struct pc_thread *t, const struct pc_handle *h);
int pc_thread_call(struct pc_thread *t, pc_thread_fn fn, void *arg);

/* perfctr_set.c */
struct pc_set *pc_set_alloc(void);
void pc_set_put(struct pc_set *set);
void pc_set_put_now(struct pc_set *set);
void pc_set_close(struct pc_set *set);
int pc_set_control(struct pc_set *set, unsigned int cmd);
void pc_set_wake(struct pc_set *set);
bool pc_set_may_control(const struct pc_set *set);
int pc_set_may_read(const struct pc_set *set);

/* perfctr_configure.c */
int pc_set_configure(struct pc_set *set, struct perfctr_config *config);
int pc_set_period(struct pc_set *set, const struct perfctr_period *period);

/* perfctr_map.c */
int pc_set_mmap(struct pc_set *set, struct vm_area_struct *vma);
__poll_t pc_set_poll(struct pc_set *set, struct file *file,
		     struct poll_table_struct *wait);

/* perfctr_read.c */
u64 pc_ticks_to_ns(u64 ticks);
void pc_sum_add(struct pc_sum *to, const struct pc_sum *sum);
int pc_read_set(struct pc_set *set, struct perfctr_read *read);
int pc_read_threads(struct pc_set *set, struct perfctr_read_threads *rt);

/* perfctr_trace.c */
int pc_trace_init(void);
void pc_trace_exit(void);

/* perfctr_pm.c */
void pc_pm_init(void);
void pc_pm_exit(void);

/* perfctr_dev.c */
int pc_dev_init(void);
void pc_dev_exit(void);

/**
 * pc_ring_next() - consume a record
 * @c:		this CPU
 * @head:	the ring's at some moment
 *
 * Return: the record, good until pc_ring_consumed(); NULL when all before @head
 * are consumed.
 */
static inline const struct xen_perfctr_sample *
pc_ring_next(struct pc_vcpu *c, u32 head)
{
	const u32 size = c->ring_nr * XEN_PERFCTR_RECORDS_PER_PAGE;
	const struct xen_perfctr_sample *page;
	u32 n = c->ring_tail;

	if (n == head || !size)
		return NULL;
	/* Xen keeps what is not consumed; should it not, begin with what is. */
	if (head - n > size)
		n = head - size;
	c->ring_tail = n + 1;
	/* There are 2^n pages. */
	page = c->ring[n / XEN_PERFCTR_RECORDS_PER_PAGE & (c->ring_nr - 1)];
	return &page[n % XEN_PERFCTR_RECORDS_PER_PAGE];
}

/**
 * pc_rdpmc() - read a counter of this VCPU
 * @index:	which
 * @raw:	its value, sign-extended
 *
 * The PV kernel runs in ring 3 like its processes: without Xen's permission
 * RDPMC raises #GP here too.
 */
static inline int pc_rdpmc(u32 index, u64 *raw)
{
	u32 lo = 0, hi = 0;
	int err;

	asm volatile("1: rdpmc\n\t"
		     "xorl %[err], %[err]\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_EFAULT_REG, %[err])
		     : [err] "=&r" (err), "+a" (lo), "+d" (hi)
		     : "c" (index));
	if (err)
		return err;
	*raw = pc_sext((u64)hi << 32 | lo);
	return 0;
}

#endif /* PERFCTR_H */
