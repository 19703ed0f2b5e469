/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Assignments 4 and 5: /sys/kernel/debug/gil, the tables that giltop shows. This
 * file is given. A lock has no times here, because lab_count() counts none.
 */
#ifndef LAB_TABLES_H
#define LAB_TABLES_H

#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/seq_file.h>

#include "locks.h"

/* All locks, and all threads. lab_threads_guard is taken before a lock's guard. */
static LIST_HEAD(lab_locks);
static DEFINE_SPINLOCK(lab_locks_guard);
static LIST_HEAD(lab_threads);
static DEFINE_SPINLOCK(lab_threads_guard);

static struct dentry *lab_folder;

/* The counts that are no times, in the order of struct gil_counts. */
#define LAB_COUNTS	(offsetof(struct gil_counts, reserved) / sizeof(u64))

static void lab_put_names(struct seq_file *seq)
{
	seq_puts(seq, " fast slow contended handoffs releases io yields drop_requests forced deaths timeouts cancels interrupts lazy lazy_returns");
	seq_puts(seq, " wait_ns wait_max_ns wakeup_ns wakeup_max_ns hold_ns hold_max_ns now_ns since_ns");
}

static void lab_put_counts(struct seq_file *seq,
			   const struct gil_counts *counts)
{
	const u64 *count = (const u64 *)counts;
	size_t i;

	for (i = 0; i < LAB_COUNTS; i++)
		seq_printf(seq, " %llu", READ_ONCE(count[i]));
	seq_printf(seq, " 0 0 0 0 0 0 %llu 0", ktime_get_ns());
}

static int lab_locks_show(struct seq_file *seq, void *unused)
{
	struct gil_lock *lock;
	unsigned long flags;

	seq_puts(seq, "lock owner waiting waiting_max threads bound interval_ns grace_ns policy");
	lab_put_names(seq);
	seq_putc(seq, '\n');
	spin_lock(&lab_locks_guard);
	list_for_each_entry(lock, &lab_locks, of_all) {
		spin_lock_irqsave(&lock->guard, flags);
		seq_printf(seq, "%u %u %u 0 %u 0 %llu 0 fifo", lock->nr,
			   lock->owner ? lock->owner->w.id : 0,
			   lock->q.waiting, lock->threads, lock->interval_ns);
		spin_unlock_irqrestore(&lock->guard, flags);
		lab_put_counts(seq, &lock->counts);
		seq_putc(seq, '\n');
	}
	spin_unlock(&lab_locks_guard);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(lab_locks);

static int lab_threads_show(struct seq_file *seq, void *unused)
{
	static const char *const states[] = {
		"idle", "queued", "granted", "owner", "lazy",
	};
	struct gil_ctx *ctx;

	seq_puts(seq, "lock id tgid tid state bind cpu_ns");
	lab_put_names(seq);
	seq_puts(seq, " comm\n");
	spin_lock(&lab_threads_guard);
	list_for_each_entry(ctx, &lab_threads, of_all) {
		if (ctx->ended)
			continue;
		seq_printf(seq, "%u %u %u %u %s 0 %llu", ctx->lock->nr,
			   ctx->w.id, ctx->w.task->tgid, ctx->w.task->pid,
			   states[ctx->state % ARRAY_SIZE(states)],
			   READ_ONCE(ctx->w.task->se.sum_exec_runtime));
		lab_put_counts(seq, &ctx->counts);
		seq_putc(seq, ' ');
		seq_escape(seq, ctx->w.task->comm, " \t\n\\");
		seq_putc(seq, '\n');
	}
	spin_unlock(&lab_threads_guard);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(lab_threads);

static void lab_tables_begin(void)
{
	lab_folder = debugfs_create_dir("gil", NULL);
	debugfs_create_file("locks", 0400, lab_folder, NULL, &lab_locks_fops);
	debugfs_create_file("threads", 0400, lab_folder, NULL,
			    &lab_threads_fops);
}

static void lab_tables_end(void)
{
	debugfs_remove_recursive(lab_folder);
}

#endif /* LAB_TABLES_H */
