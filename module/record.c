// SPDX-License-Identifier: GPL-2.0
/*
 * Records of the threads whose contexts have ended, for read().
 */
#include <linux/fs.h>
#include <linux/gil.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "objects.h"
#include "record.h"
#include "stats.h"

/* Records grow at their end, and end here in the first version. */
#define GIL_RECORD_SIZE_1	offsetofend(struct gil_record, thread.cpu_ns)

struct gil_recorder {
	struct kref ref;
	wait_queue_head_t wait;

	/*
	 * Protects the rest. A raw lock with interrupts off, because
	 * gil_recorder_expect() is called within a trace event.
	 */
	raw_spinlock_t lock;
	struct list_head entries;
	u32 count;			/* of @entries */
	u32 expected;			/* entries that are yet to come */
	u32 lost;			/* since the last entry */
};

/* Pids outlive the task, and each reader's namespace numbers them differently. */
struct gil_entry {
	struct list_head node;
	struct pid *tid;		/* references */
	struct pid *tgid;
	struct pid *old_tid;		/* or NULL */
	struct gil_record record;
};

struct gil_recorder *gil_recorder_create(void)
{
	struct gil_recorder *recorder;

	recorder = kzalloc(sizeof(*recorder), GFP_KERNEL_ACCOUNT);
	if (!recorder)
		return NULL;
	kref_init(&recorder->ref);
	init_waitqueue_head(&recorder->wait);
	raw_spin_lock_init(&recorder->lock);
	INIT_LIST_HEAD(&recorder->entries);
	return recorder;
}

static void gil_recorder_free(struct kref *ref)
{
	struct gil_recorder *recorder = container_of(ref, struct gil_recorder,
						     ref);
	struct gil_entry *entry, *next;

	list_for_each_entry_safe(entry, next, &recorder->entries, node)
		gil_entry_free(entry);
	kfree(recorder);
}

void gil_recorder_get(struct gil_recorder *recorder)
{
	kref_get(&recorder->ref);
}

void gil_recorder_put(struct gil_recorder *recorder)
{
	kref_put(&recorder->ref, gil_recorder_free);
}

void gil_recorder_expect(struct gil_recorder *recorder)
{
	unsigned long flags;

	if (!recorder)
		return;
	raw_spin_lock_irqsave(&recorder->lock, flags);
	recorder->expected++;
	raw_spin_unlock_irqrestore(&recorder->lock, flags);
}

void gil_recorder_unexpect(struct gil_recorder *recorder)
{
	unsigned long flags;

	if (!recorder)
		return;
	raw_spin_lock_irqsave(&recorder->lock, flags);
	recorder->expected--;
	raw_spin_unlock_irqrestore(&recorder->lock, flags);
	wake_up_all(&recorder->wait);
}

struct gil_entry *gil_entry_create(void)
{
	struct gil_entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);

	if (!entry)
		return NULL;
	entry->tid = get_task_pid(current, PIDTYPE_PID);
	entry->tgid = get_task_pid(current, PIDTYPE_TGID);
	return entry;
}

void gil_entry_free(struct gil_entry *entry)
{
	if (!entry)
		return;
	put_pid(entry->tid);
	put_pid(entry->tgid);
	put_pid(entry->old_tid);
	kfree(entry);
}

void gil_entry_take_tid(struct gil_entry *entry, struct task_struct *task)
{
	struct pid *tid;

	if (!entry)
		return;
	tid = get_task_pid(task, PIDTYPE_PID);
	if (!tid || tid == entry->tid) {
		put_pid(tid);
		return;
	}
	/* Freeing a pid might sleep on PREEMPT_RT, so leave that for later. */
	entry->old_tid = entry->tid;
	entry->tid = tid;
}

void gil_entry_record(struct gil_entry *entry, struct gil_ctx *ctx)
{
	struct gil_recorder *recorder = ctx->lock->recorder;
	bool full;

	if (!entry)
		return;
	gil_entry_take_tid(entry, ctx->w.task);
	gil_thread_snapshot(ctx, &entry->record.thread);

	raw_spin_lock_irq(&recorder->lock);
	recorder->expected--;
	full = recorder->count >= GIL_RECORDS_MAX;
	if (full) {
		recorder->lost++;
	} else {
		entry->record.lost = recorder->lost;
		recorder->lost = 0;
		recorder->count++;
		list_add_tail(&entry->node, &recorder->entries);
	}
	raw_spin_unlock_irq(&recorder->lock);
	if (full)
		gil_entry_free(entry);
	wake_up_all(&recorder->wait);
}

/*
 * Take the oldest entry out for the caller, or NULL. *@end: there are none left,
 * and none will come. The caller then reports *@lost, which no entry has told.
 */
static struct gil_entry *gil_recorder_pop(struct gil_recorder *recorder,
					  bool *end, u32 *lost)
{
	struct gil_entry *entry;

	raw_spin_lock_irq(&recorder->lock);
	entry = list_first_entry_or_null(&recorder->entries, struct gil_entry,
					 node);
	*end = !entry && !recorder->expected;
	*lost = 0;
	if (entry) {
		list_del(&entry->node);
		recorder->count--;
	} else if (*end) {
		*lost = recorder->lost;
		recorder->lost = 0;
	}
	raw_spin_unlock_irq(&recorder->lock);
	return entry;
}

static void gil_recorder_put_back(struct gil_recorder *recorder,
				  struct gil_entry *entry)
{
	raw_spin_lock_irq(&recorder->lock);
	recorder->count++;
	list_add(&entry->node, &recorder->entries);
	raw_spin_unlock_irq(&recorder->lock);
}

static bool gil_recorder_ready(struct gil_recorder *recorder)
{
	bool ready;

	raw_spin_lock_irq(&recorder->lock);
	ready = recorder->count || !recorder->expected;
	raw_spin_unlock_irq(&recorder->lock);
	return ready;
}

/* At the end: a record without a thread says how many records were lost. */
static ssize_t gil_recorder_end(struct gil_recorder *recorder,
				char __user *buf, ssize_t done, u32 lost)
{
	const size_t size = offsetof(struct gil_record, thread);
	const struct gil_record last = { .size = size, .lost = lost };

	if (!copy_to_user(buf + done, &last, size))
		return done + size;
	raw_spin_lock_irq(&recorder->lock);
	recorder->lost += lost;
	raw_spin_unlock_irq(&recorder->lock);
	return done ? done : -EFAULT;
}

/*
 * Copy the entries that fit. *@end: no more will come. A program that was built
 * for an older version may have room for one of its own, shorter records only.
 */
static ssize_t gil_recorder_copy(struct gil_recorder *recorder,
				 char __user *buf, size_t len, bool *end)
{
	const size_t size = min(len, sizeof(struct gil_record));
	struct gil_entry *entry;
	ssize_t done = 0;
	u32 lost;

	while (len - done >= size) {
		entry = gil_recorder_pop(recorder, end, &lost);
		if (!entry)
			return lost ? gil_recorder_end(recorder, buf, done,
						       lost) : done;
		entry->record.size = size;
		entry->record.thread.tid = pid_vnr(entry->tid);
		entry->record.thread.tgid = pid_vnr(entry->tgid);
		if (copy_to_user(buf + done, &entry->record, size)) {
			gil_recorder_put_back(recorder, entry);
			return done ? done : -EFAULT;
		}
		gil_entry_free(entry);
		done += size;
	}
	return done;
}

ssize_t gil_recorder_read(struct gil_recorder *recorder, struct file *filp,
			  char __user *buf, size_t len)
{
	bool end = false;
	ssize_t ret;

	if (len < GIL_RECORD_SIZE_1)
		return -EINVAL;
	for (;;) {
		ret = gil_recorder_copy(recorder, buf, len, &end);
		if (ret || end)
			return ret;
		if (filp->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(recorder->wait,
					       gil_recorder_ready(recorder));
		if (ret)
			return ret;
	}
}

__poll_t gil_recorder_poll(struct gil_recorder *recorder, struct file *filp,
			   struct poll_table_struct *wait)
{
	__poll_t ready = 0;

	poll_wait(filp, &recorder->wait, wait);
	raw_spin_lock_irq(&recorder->lock);
	if (recorder->count || (!recorder->expected && recorder->lost))
		ready = EPOLLPRI;
	else if (!recorder->expected)
		ready = EPOLLHUP;
	raw_spin_unlock_irq(&recorder->lock);
	return ready;
}
