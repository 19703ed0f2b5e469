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

struct gil_recorder {
	struct kref ref;
	wait_queue_head_t wait;

	/* Protects the rest. Interrupts are off, for gil_recorder_expect(). */
	spinlock_t lock;
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
	spin_lock_init(&recorder->lock);
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
	spin_lock_irqsave(&recorder->lock, flags);
	recorder->expected++;
	spin_unlock_irqrestore(&recorder->lock, flags);
}

void gil_recorder_unexpect(struct gil_recorder *recorder)
{
	unsigned long flags;

	if (!recorder)
		return;
	spin_lock_irqsave(&recorder->lock, flags);
	recorder->expected--;
	spin_unlock_irqrestore(&recorder->lock, flags);
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
	kfree(entry);
}

void gil_entry_record(struct gil_entry *entry, struct gil_ctx *ctx)
{
	struct gil_recorder *recorder = ctx->lock->recorder;
	bool full;

	if (!entry)
		return;
	entry->record.size = sizeof(entry->record);
	gil_thread_snapshot(ctx, &entry->record.thread);

	spin_lock_irq(&recorder->lock);
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
	spin_unlock_irq(&recorder->lock);
	if (full)
		gil_entry_free(entry);
	wake_up_all(&recorder->wait);
}

/*
 * Take the oldest entry out for the caller, or NULL. *@end: there are none left,
 * and none will come.
 */
static struct gil_entry *gil_recorder_pop(struct gil_recorder *recorder,
					  bool *end)
{
	struct gil_entry *entry;

	spin_lock_irq(&recorder->lock);
	entry = list_first_entry_or_null(&recorder->entries, struct gil_entry,
					 node);
	*end = !entry && !recorder->expected;
	if (entry) {
		list_del(&entry->node);
		recorder->count--;
	}
	spin_unlock_irq(&recorder->lock);
	return entry;
}

static void gil_recorder_put_back(struct gil_recorder *recorder,
				  struct gil_entry *entry)
{
	spin_lock_irq(&recorder->lock);
	recorder->count++;
	list_add(&entry->node, &recorder->entries);
	spin_unlock_irq(&recorder->lock);
}

static bool gil_recorder_ready(struct gil_recorder *recorder)
{
	bool ready;

	spin_lock_irq(&recorder->lock);
	ready = recorder->count || !recorder->expected;
	spin_unlock_irq(&recorder->lock);
	return ready;
}

/* Copy the entries that fit. *@end: no more will come. */
static ssize_t gil_recorder_copy(struct gil_recorder *recorder,
				 char __user *buf, size_t len, bool *end)
{
	struct gil_entry *entry;
	ssize_t done = 0;

	while (len - done >= sizeof(entry->record)) {
		entry = gil_recorder_pop(recorder, end);
		if (!entry)
			break;
		entry->record.thread.tid = pid_vnr(entry->tid);
		entry->record.thread.tgid = pid_vnr(entry->tgid);
		if (copy_to_user(buf + done, &entry->record,
				 sizeof(entry->record))) {
			gil_recorder_put_back(recorder, entry);
			return done ? done : -EFAULT;
		}
		gil_entry_free(entry);
		done += sizeof(entry->record);
	}
	return done;
}

ssize_t gil_recorder_read(struct gil_recorder *recorder, struct file *filp,
			  char __user *buf, size_t len)
{
	bool end = false;
	ssize_t ret;

	if (len < sizeof(struct gil_record))
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
	spin_lock_irq(&recorder->lock);
	if (recorder->count)
		ready = EPOLLPRI;
	else if (!recorder->expected)
		ready = EPOLLHUP;
	spin_unlock_irq(&recorder->lock);
	return ready;
}
