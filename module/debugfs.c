// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/gil: the tables of all locks, threads and histograms, each
 * with a header line.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/xarray.h>

#include "init.h"
#include "locks.h"
#include "stats.h"
#include "timens.h"

static struct dentry *gil_dir;

/*
 * Where a reader is. A table may be long, because every user may make locks. So
 * seq_file shows a page of it at a time, and gil_locks_mutex is held for one
 * page only. To go on from a position takes logarithmic time.
 */
struct gil_cursor {
	struct gil_lock *lock;		/* between start and stop */
	unsigned long id;		/* of a context of @lock */
	struct gil_when when;
	union {
		struct gil_lock_stats lock_stats;
		struct gil_thread_stats thread_stats;
	};
};

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

/* The position of a lock is its number and 1. The header has position 0. */
static void *gil_lock_at(loff_t *pos)
{
	unsigned long nr = *pos - 1;
	struct gil_lock *lock;

	if (*pos > U32_MAX + 1LL)
		return NULL;
	lock = xa_find(&gil_locks, &nr, U32_MAX, XA_PRESENT);
	if (lock)
		*pos = nr + 1LL;
	return lock;
}

static void *gil_locks_start(struct seq_file *seq, loff_t *pos)
{
	mutex_lock(&gil_locks_mutex);
	return *pos ? gil_lock_at(pos) : SEQ_START_TOKEN;
}

static void *gil_locks_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;
	return gil_lock_at(pos);
}

static void gil_table_stop(struct seq_file *seq, void *v)
{
	mutex_unlock(&gil_locks_mutex);
}

static int gil_locks_show(struct seq_file *seq, void *v)
{
	struct gil_cursor *cursor = seq->private;
	struct gil_lock_stats *s = &cursor->lock_stats;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "lock owner waiting waiting_max threads bound interval_ns grace_ns policy");
		gil_put_counts_header(seq);
	} else {
		gil_lock_snapshot_when(v, s, &cursor->when);
		seq_printf(seq, "%u %u %u %u %u %u %llu %llu %s", s->lock,
			   s->owner, s->waiting, s->waiting_max, s->threads,
			   s->bound, s->interval_ns, s->grace_ns, s->policy);
		gil_put_counts(seq, &s->counts, &cursor->when);
	}
	seq_putc(seq, '\n');
	return 0;
}

static const struct seq_operations gil_locks_ops = {
	.start = gil_locks_start,
	.next = gil_locks_next,
	.stop = gil_table_stop,
	.show = gil_locks_show,
};

/*
 * The position of a context has its lock's number above its own id, which is not
 * 0 and has 31 bits.
 */
static void *gil_thread_at(struct gil_cursor *cursor, loff_t *pos)
{
	unsigned long nr = *pos >> 31;

	cursor->id = *pos & GIL_WORD_ID_MASK;
	xa_for_each_start(&gil_locks, nr, cursor->lock, nr) {
		if (xa_find(&cursor->lock->ids, &cursor->id, GIL_WORD_ID_MASK,
			    XA_PRESENT)) {
			*pos = (loff_t)nr << 31 | cursor->id;
			return cursor;
		}
		cursor->id = 0;
		cond_resched();
	}
	return NULL;
}

static void *gil_threads_start(struct seq_file *seq, loff_t *pos)
{
	mutex_lock(&gil_locks_mutex);
	return *pos ? gil_thread_at(seq->private, pos) : SEQ_START_TOKEN;
}

static void *gil_threads_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;
	return gil_thread_at(seq->private, pos);
}

/* False: the context has ended. */
static bool gil_thread_look(struct gil_cursor *cursor)
{
	struct gil_lock *lock = cursor->lock;
	struct gil_ctx *ctx;

	mutex_lock(&lock->attach);
	ctx = xa_load(&lock->ids, cursor->id);
	if (ctx)
		gil_thread_snapshot_when(ctx, &cursor->thread_stats,
					 &cursor->when);
	mutex_unlock(&lock->attach);
	return ctx;
}

static int gil_threads_show(struct seq_file *seq, void *v)
{
	struct gil_cursor *cursor = seq->private;
	struct gil_thread_stats *s = &cursor->thread_stats;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "lock id tgid tid state bind cpu_ns");
		gil_put_counts_header(seq);
		seq_puts(seq, " comm\n");
		return 0;
	}
	if (!gil_thread_look(cursor))
		return SEQ_SKIP;
	seq_printf(seq, "%u %u %u %u %s %#x %llu", s->lock, s->id, s->tgid,
		   s->tid, gil_state_names[s->state], s->bind, s->cpu_ns);
	gil_put_counts(seq, &s->counts, &cursor->when);
	/* A thread may choose any name, with blanks and newlines. */
	seq_putc(seq, ' ');
	seq_escape(seq, s->comm, " \t\n\\");
	seq_putc(seq, '\n');
	return 0;
}

static const struct seq_operations gil_threads_ops = {
	.start = gil_threads_start,
	.next = gil_threads_next,
	.stop = gil_table_stop,
	.show = gil_threads_show,
};

static void gil_put_hist(struct seq_file *seq, u32 lock, const char *what,
			 const struct gil_times *times)
{
	int i;

	for (i = 0; i < GIL_HIST_BUCKETS; i++)
		if (times->hist[i])
			seq_printf(seq, "%u %s %llu %llu\n", lock, what,
				   1ULL << i, times->hist[i]);
}

static int gil_hist_show(struct seq_file *seq, void *v)
{
	struct gil_cursor *cursor = seq->private;
	struct gil_lock_stats *s = &cursor->lock_stats;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "lock what from_ns count\n");
		return 0;
	}
	gil_lock_snapshot(v, s);
	gil_put_hist(seq, s->lock, "wait", &s->counts.wait);
	gil_put_hist(seq, s->lock, "wakeup", &s->counts.wakeup);
	gil_put_hist(seq, s->lock, "hold", &s->counts.hold);
	return 0;
}

static const struct seq_operations gil_hist_ops = {
	.start = gil_locks_start,
	.next = gil_locks_next,
	.stop = gil_table_stop,
	.show = gil_hist_show,
};

static int gil_table_open(struct inode *inode, struct file *filp)
{
	return __seq_open_private(filp, inode->i_private,
				  sizeof(struct gil_cursor)) ? 0 : -ENOMEM;
}

static const struct file_operations gil_table_fops = {
	.owner = THIS_MODULE,
	.open = gil_table_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

static void gil_table(const char *name, const struct seq_operations *ops)
{
	debugfs_create_file(name, 0400, gil_dir, (void *)ops, &gil_table_fops);
}

void gil_debugfs_init(void)
{
	gil_dir = debugfs_create_dir("gil", NULL);
	gil_table("locks", &gil_locks_ops);
	gil_table("threads", &gil_threads_ops);
	gil_table("hist", &gil_hist_ops);
}

void gil_debugfs_exit(void)
{
	debugfs_remove_recursive(gil_dir);
}
