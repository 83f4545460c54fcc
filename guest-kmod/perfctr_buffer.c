// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfctr: sample buffers, written by the kernel, read by a process
 *
 * Who races:
 *
 *   - CPUs that write samples of several threads of the set: they take the lock;
 *   - the reader, which may run at any moment and write anything anywhere in the
 *     mapping.  Positions are kept here and never read back.  All that is taken
 *     from the mapping is data_tail, once per batch, and a value that makes no
 *     sense is a full buffer: the reader can lose its own samples and nothing
 *     else.  The records are stored before data_head, which the reader loads with
 *     acquire; it has read before it stores data_tail, which is loaded with
 *     acquire here, before anything is overwritten.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/timekeeping.h>

#include "perfctr.h"

static_assert(sizeof(struct perfctr_buffer) == 0xc0);
static_assert(offsetof(struct perfctr_buffer, data_head) == 0x40);
static_assert(offsetof(struct perfctr_buffer, data_tail) == 0x80);
static_assert(sizeof(struct perfctr_record) == 0x08);
static_assert(sizeof(struct perfctr_record_lost) == 0x28);
static_assert(PERFCTR_MMAP_BUFFER % PAGE_SIZE == 0);

/**
 * struct pc_buffer - the samples of a set
 * @lock:	protects what follows; interrupts off
 * @header:	first page
 * @head:	bytes written
 * @used:	of those, not consumed, as far as known
 * @woken:	@head at the last wake-up
 * @lost:	samples that found no room and no LOST record tells of
 * @was_ready:	at the begin of this batch there was something to wake up for
 * @size:	bytes in the other pages, a power of two
 * @wakeup:	bytes to wake up for
 * @mm:		who pays for it
 * @nr:		pages
 * @page:	header, then records
 */
struct pc_buffer {
	raw_spinlock_t lock;	/* see above */
	struct perfctr_buffer *header;
	u64 head;
	u64 used;
	u64 woken;
	u64 lost;
	bool was_ready;
	u64 size;
	u32 wakeup;
	struct mm_struct *mm;
	unsigned int nr;
	struct page *page[];
};

/*
 * Not account_locked_vm(): it takes the address space's lock for writing, buffers are
 * freed by a worker, and a sample taken meanwhile would have no call chain.
 */
static void pc_buffer_uncharge(struct mm_struct *mm, unsigned int nr)
{
	atomic64_sub(nr, &mm->pinned_vm);
}

static int pc_buffer_charge(struct mm_struct *mm, unsigned int nr)
{
	u64 limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	u64 now = atomic64_add_return(nr, &mm->pinned_vm);

	if (now + READ_ONCE(mm->locked_vm) <= limit || capable(CAP_IPC_LOCK))
		return 0;
	pc_buffer_uncharge(mm, nr);
	return -ENOMEM;
}

/**
 * pc_buffer_alloc() - make a buffer
 * @nr_pages:	for records, a power of two
 * @wakeup:	bytes that wake, 0: half
 *
 * Return: the buffer, or an error pointer: -ENOMEM also when the caller may not
 * lock that much memory.
 */
struct pc_buffer *pc_buffer_alloc(unsigned int nr_pages, u32 wakeup)
{
	unsigned int nr = 1 + nr_pages, i;
	struct pc_buffer *b;
	int ret = -ENOMEM;

	b = kvzalloc(struct_size(b, page, nr), GFP_KERNEL_ACCOUNT);
	if (!b)
		return ERR_PTR(-ENOMEM);
	ret = pc_buffer_charge(current->mm, nr);
	if (ret) {
		kvfree(b);
		return ERR_PTR(ret);
	}
	mmgrab(current->mm);
	b->mm = current->mm;
	b->nr = nr;
	for (i = 0; i < nr; i++) {
		b->page[i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!b->page[i]) {
			pc_buffer_free(b);
			return ERR_PTR(-ENOMEM);
		}
	}
	raw_spin_lock_init(&b->lock);
	b->size = (u64)nr_pages * PAGE_SIZE;
	b->wakeup = wakeup ?: b->size / 2;
	b->header = page_address(b->page[0]);
	b->header->abi = PERFCTR_ABI_VERSION;
	b->header->data_offset = PAGE_SIZE;
	b->header->data_size = b->size;
	return b;
}

/**
 * pc_buffer_free() - free a buffer that nobody writes any more
 * @b:	the buffer
 */
void pc_buffer_free(struct pc_buffer *b)
{
	unsigned int i;

	if (!b)
		return;
	for (i = 0; i < b->nr && b->page[i]; i++)
		put_page(b->page[i]);
	/* The process may be gone; what is left of it is enough for this. */
	pc_buffer_uncharge(b->mm, b->nr);
	mmdrop(b->mm);
	kvfree(b);
}

static void pc_buffer_look(struct pc_buffer *b)
{
	u64 used = b->head - smp_load_acquire(&b->header->data_tail);

	b->used = min(used, b->size);
}

/* Lost samples are told of when the reader makes room, so it has to be woken. */
static bool pc_buffer_worth(const struct pc_buffer *b)
{
	return b->used >= b->wakeup || b->lost;
}

static __always_inline void pc_buffer_copy(struct pc_buffer *b,
					   const void *from, size_t size)
{
	do {
		u64 at = b->head & (b->size - 1);
		size_t n = min_t(size_t, size, PAGE_SIZE - offset_in_page(at));

		memcpy(page_address(b->page[1 + (at >> PAGE_SHIFT)]) +
		       offset_in_page(at), from, n);
		b->head += n;
		b->used += n;
		from += n;
		size -= n;
	} while (size);
}

/* Apart: its record would be on the stack of every other one. */
static noinline void pc_buffer_put_lost(struct pc_buffer *b)
{
	/* Of all threads: no thread and no counter is named. */
	struct perfctr_record_lost r = {
		.record.type = PERFCTR_RECORD_LOST,
		.record.size = sizeof(r),
		.lost = b->lost,
		.time = ktime_get_mono_fast_ns(),
		.why = PERFCTR_LOST_BUFFER,
	};

	pc_buffer_copy(b, &r, sizeof(r));
	b->lost = 0;
}

/**
 * pc_buffer_begin() - begin a batch of records
 * @b:	the buffer
 *
 * Interrupts are off until pc_buffer_end().
 */
void pc_buffer_begin(struct pc_buffer *b)
	__acquires(&b->lock)
{
	raw_spin_lock(&b->lock);
	pc_buffer_look(b);
	b->was_ready = pc_buffer_worth(b);
}

/**
 * pc_buffer_put() - write a record
 * @b:		the buffer, in a batch
 * @record:	its fixed part
 * @size:	of that
 * @more:	its variable part
 * @more_size:	of that
 *
 * Return: whether there was room.
 */
bool pc_buffer_put(struct pc_buffer *b, const void *record, size_t size,
		   const void *more, size_t more_size)
{
	u64 room = b->size - b->used;

	if (unlikely(b->lost)) {
		if (room < sizeof(struct perfctr_record_lost) + size + more_size)
			return false;
		pc_buffer_put_lost(b);
	} else if (room < size + more_size) {
		return false;
	}
	pc_buffer_copy(b, record, size);
	if (more_size)
		pc_buffer_copy(b, more, more_size);
	return true;
}

/**
 * pc_buffer_lose() - a sample found no room
 * @b:	the buffer, in a batch
 */
void pc_buffer_lose(struct pc_buffer *b)
{
	b->lost++;
}

/**
 * pc_buffer_end() - publish a batch
 * @b:	the buffer
 *
 * Return: whether to wake up who polls.
 */
bool pc_buffer_end(struct pc_buffer *b)
	__releases(&b->lock)
{
	bool wake = pc_buffer_worth(b) &&
		    (!b->was_ready || b->head - b->woken >= b->wakeup);

	if (wake)
		b->woken = b->head;
	smp_store_release(&b->header->data_head, b->head);
	raw_spin_unlock(&b->lock);
	return wake;
}

/**
 * pc_buffer_flush() - tell of lost samples, if there is room now
 * @b:	the buffer
 *
 * Return: whether to wake up who polls.
 */
bool pc_buffer_flush(struct pc_buffer *b)
{
	unsigned long flags;
	bool wake;

	local_irq_save(flags);
	pc_buffer_begin(b);
	if (b->lost && b->size - b->used >= sizeof(struct perfctr_record_lost))
		pc_buffer_put_lost(b);
	wake = pc_buffer_end(b);
	local_irq_restore(flags);
	return wake;
}

/**
 * pc_buffer_ready() - is there something to read?
 * @b:		the buffer
 * @any:	whatever, not only enough to wake up for
 */
bool pc_buffer_ready(struct pc_buffer *b, bool any)
{
	unsigned long flags;
	bool ready;

	raw_spin_lock_irqsave(&b->lock, flags);
	pc_buffer_look(b);
	ready = pc_buffer_worth(b) || (any && b->used);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return ready;
}

/**
 * pc_buffer_mmap() - map a buffer
 * @b:		the buffer
 * @vma:	where
 *
 * The whole of it, so that there is one place where it can be looked for.
 */
int pc_buffer_mmap(struct pc_buffer *b, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;
	unsigned int i;
	int ret = 0;

	if (vma->vm_end - addr != b->nr * PAGE_SIZE ||
	    !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	vma->vm_flags &= ~VM_MAYEXEC;
	vma->vm_flags |= VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP;
	for (i = 0; !ret && i < b->nr; i++, addr += PAGE_SIZE)
		ret = vm_insert_page(vma, addr, b->page[i]);
	return ret;
}
