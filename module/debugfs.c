// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/gil: the tables of all locks, threads and histograms, each
 * with a header line.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "init.h"
#include "locks.h"
#include "stats.h"
#include "timens.h"

static struct dentry *gil_dir;

static const char *const gil_state_names[] = {
	[GIL_STATE_IDLE] = "idle",
	[GIL_STATE_QUEUED] = "queued",
	[GIL_STATE_GRANTED] = "granted",
	[GIL_STATE_OWNER] = "owner",
	[GIL_STATE_LAZY] = "lazy",
};

/* The columns of the counts, in order. */
static const struct gil_column {
	const char *name;
	size_t offset;
} gil_columns[] = {
#define GIL_COLUMN(name, field) { name, offsetof(struct gil_counts, field) }
	GIL_COLUMN("fast", fast_acquires),
	GIL_COLUMN("slow", slow_acquires),
	GIL_COLUMN("contended", contended),
	GIL_COLUMN("handoffs", handoffs),
	GIL_COLUMN("releases", releases),
	GIL_COLUMN("io", io_releases),
	GIL_COLUMN("yields", yields),
	GIL_COLUMN("drop_requests", drop_requests),
	GIL_COLUMN("forced", forced_switches),
	GIL_COLUMN("deaths", owner_deaths),
	GIL_COLUMN("timeouts", timeouts),
	GIL_COLUMN("cancels", cancels),
	GIL_COLUMN("interrupts", interrupts),
	GIL_COLUMN("lazy", lazy_releases),
	GIL_COLUMN("lazy_returns", lazy_returns),
	GIL_COLUMN("wait_ns", wait.total_ns),
	GIL_COLUMN("wait_max_ns", wait.max_ns),
	GIL_COLUMN("wakeup_ns", wakeup.total_ns),
	GIL_COLUMN("wakeup_max_ns", wakeup.max_ns),
	GIL_COLUMN("hold_ns", hold.total_ns),
	GIL_COLUMN("hold_max_ns", hold.max_ns),
};

static void gil_put_counts_header(struct seq_file *seq)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gil_columns); i++)
		seq_printf(seq, " %s", gil_columns[i].name);
	seq_puts(seq, " now_ns since_ns");
}

static void gil_put_counts(struct seq_file *seq, const struct gil_counts *c,
			   const struct gil_when *when)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gil_columns); i++)
		seq_printf(seq, " %llu",
			   *(const u64 *)((const void *)c +
					  gil_columns[i].offset));
	seq_printf(seq, " %llu %llu", gil_time_to_user(when->now_ns),
		   gil_time_to_user(when->since_ns));
}

static int locks_show(struct seq_file *seq, void *unused)
{
	struct gil_lock_stats *s;
	struct gil_lock *lock;
	struct gil_when when;

	s = kmalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;

	seq_puts(seq, "lock owner waiting waiting_max threads bound interval_ns grace_ns policy");
	gil_put_counts_header(seq);
	seq_putc(seq, '\n');
	mutex_lock(&gil_locks_mutex);
	list_for_each_entry(lock, &gil_locks, locks_node) {
		gil_lock_snapshot_when(lock, s, &when);
		seq_printf(seq, "%u %u %u %u %u %u %llu %llu %s", s->lock,
			   s->owner, s->waiting, s->waiting_max, s->threads,
			   s->bound, s->interval_ns, s->grace_ns, s->policy);
		gil_put_counts(seq, &s->counts, &when);
		seq_putc(seq, '\n');
	}
	mutex_unlock(&gil_locks_mutex);
	kfree(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(locks);

static int threads_show(struct seq_file *seq, void *unused)
{
	struct gil_thread_stats *s;
	struct gil_lock *lock;
	struct gil_when when;
	struct gil_ctx *ctx;
	unsigned long id;

	s = kmalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;

	seq_puts(seq, "lock id tgid tid state bind cpu_ns");
	gil_put_counts_header(seq);
	seq_puts(seq, " comm\n");
	mutex_lock(&gil_locks_mutex);
	list_for_each_entry(lock, &gil_locks, locks_node) {
		mutex_lock(&lock->attach);
		xa_for_each(&lock->ids, id, ctx) {
			gil_thread_snapshot_when(ctx, s, &when);
			seq_printf(seq, "%u %u %u %u %s %#x %llu", lock->nr, s->id,
				   s->tgid, s->tid, gil_state_names[s->state],
				   s->bind, s->cpu_ns);
			gil_put_counts(seq, &s->counts, &when);
			/* A thread may choose any name, with blanks and newlines. */
			seq_putc(seq, ' ');
			seq_escape(seq, s->comm, " \t\n\\");
			seq_putc(seq, '\n');
		}
		mutex_unlock(&lock->attach);
	}
	mutex_unlock(&gil_locks_mutex);
	kfree(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(threads);

static void gil_put_hist(struct seq_file *seq, u32 lock, const char *what,
			 const struct gil_times *times)
{
	int i;

	for (i = 0; i < GIL_HIST_BUCKETS; i++)
		if (times->hist[i])
			seq_printf(seq, "%u %s %llu %llu\n", lock, what,
				   1ULL << i, times->hist[i]);
}

static int hist_show(struct seq_file *seq, void *unused)
{
	struct gil_lock_stats *s;
	struct gil_lock *lock;

	s = kmalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;

	seq_puts(seq, "lock what from_ns count\n");
	mutex_lock(&gil_locks_mutex);
	list_for_each_entry(lock, &gil_locks, locks_node) {
		gil_lock_snapshot(lock, s);
		gil_put_hist(seq, s->lock, "wait", &s->counts.wait);
		gil_put_hist(seq, s->lock, "wakeup", &s->counts.wakeup);
		gil_put_hist(seq, s->lock, "hold", &s->counts.hold);
	}
	mutex_unlock(&gil_locks_mutex);
	kfree(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(hist);

void gil_debugfs_init(void)
{
	gil_dir = debugfs_create_dir("gil", NULL);
	debugfs_create_file("locks", 0400, gil_dir, NULL, &locks_fops);
	debugfs_create_file("threads", 0400, gil_dir, NULL, &threads_fops);
	debugfs_create_file("hist", 0400, gil_dir, NULL, &hist_fops);
}

void gil_debugfs_exit(void)
{
	debugfs_remove_recursive(gil_dir);
}
