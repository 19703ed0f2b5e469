// SPDX-License-Identifier: GPL-2.0
/* Read the module's tables in debugfs: all locks and threads at one moment. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include "snapshot.h"
#include "table.h"

static const char *const counter_names[COUNTERS] = {
	[COUNT_FAST] = "fast",
	[COUNT_SLOW] = "slow",
	[COUNT_CONTENDED] = "contended",
	[COUNT_HANDOFFS] = "handoffs",
	[COUNT_RELEASES] = "releases",
	[COUNT_IO] = "io",
	[COUNT_YIELDS] = "yields",
	[COUNT_DROP_REQUESTS] = "drop_requests",
	[COUNT_FORCED] = "forced",
	[COUNT_DEATHS] = "deaths",
	[COUNT_TIMEOUTS] = "timeouts",
	[COUNT_CANCELS] = "cancels",
	[COUNT_INTERRUPTS] = "interrupts",
	[COUNT_LAZY] = "lazy",
	[COUNT_LAZY_RETURNS] = "lazy_returns",
	[COUNT_WAIT_NS] = "wait_ns",
	[COUNT_WAIT_MAX_NS] = "wait_max_ns",
	[COUNT_WAKEUP_NS] = "wakeup_ns",
	[COUNT_WAKEUP_MAX_NS] = "wakeup_max_ns",
	[COUNT_HOLD_NS] = "hold_ns",
	[COUNT_HOLD_MAX_NS] = "hold_max_ns",
};

#define NUMBER(type, name) \
	{ #name, FIELD_NUMBER, offsetof(struct type, name), sizeof(uint64_t) }
#define TEXT(type, name) \
	{ #name, FIELD_TEXT, offsetof(struct type, name), \
	  sizeof(((struct type *)0)->name) }

static const struct field lock_fields[] = {
	NUMBER(lock_row, lock),	       NUMBER(lock_row, owner),
	NUMBER(lock_row, waiting),     NUMBER(lock_row, waiting_max),
	NUMBER(lock_row, threads),     NUMBER(lock_row, bound),
	NUMBER(lock_row, interval_ns), NUMBER(lock_row, grace_ns),
	TEXT(lock_row, policy),
};

static const struct field thread_fields[] = {
	NUMBER(thread_row, lock), NUMBER(thread_row, id),
	NUMBER(thread_row, tgid), NUMBER(thread_row, tid),
	TEXT(thread_row, state),  NUMBER(thread_row, bind),
	NUMBER(thread_row, cpu_ns), TEXT(thread_row, comm),
};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))
#define FIELDS_MAX (LENGTH(lock_fields) + COUNTERS + 2)

_Static_assert(LENGTH(thread_fields) <= LENGTH(lock_fields),
	       "FIELDS_MAX is enough for both");

const char *counter_name(enum counter counter)
{
	return counter_names[counter];
}

/* A row's own fields and, at @at in it, the figures that both tables have. */
static void *parse(char *text, size_t length, const struct field *own,
		   size_t own_count, size_t at, size_t row_size,
		   size_t *count, char *error)
{
	struct field fields[FIELDS_MAX];
	size_t n = own_count;

	memcpy(fields, own, own_count * sizeof(*own));
	for (int i = 0; i < COUNTERS; i++)
		fields[n++] = (struct field){
			counter_names[i], FIELD_NUMBER,
			at + offsetof(struct figures, counts) +
				(size_t)i * sizeof(uint64_t),
			sizeof(uint64_t),
		};
	fields[n++] = (struct field){
		"now_ns", FIELD_NUMBER,
		at + offsetof(struct figures, now_ns), sizeof(uint64_t),
	};
	fields[n++] = (struct field){
		"since_ns", FIELD_NUMBER,
		at + offsetof(struct figures, since_ns), sizeof(uint64_t),
	};
	return table_parse(text, length, fields, n, row_size, count, error);
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_locks(const void *a, const void *b)
{
	const struct lock_row *left = a, *right = b;

	return compare(left->lock, right->lock);
}

static int compare_threads(const void *a, const void *b)
{
	const struct thread_row *left = a, *right = b;
	int order = compare(left->lock, right->lock);

	return order ? order : compare(left->id, right->id);
}

struct lock_row *locks_parse(char *text, size_t length, size_t *count,
			     char *error)
{
	struct lock_row *locks =
		parse(text, length, lock_fields, LENGTH(lock_fields),
		      offsetof(struct lock_row, figures), sizeof(*locks),
		      count, error);

	if (locks)
		qsort(locks, *count, sizeof(*locks), compare_locks);
	return locks;
}

struct thread_row *threads_parse(char *text, size_t length, size_t *count,
				 char *error)
{
	struct thread_row *threads =
		parse(text, length, thread_fields, LENGTH(thread_fields),
		      offsetof(struct thread_row, figures), sizeof(*threads),
		      count, error);

	if (threads)
		qsort(threads, *count, sizeof(*threads), compare_threads);
	return threads;
}

/* Why a table cannot be opened, and what to do about it. */
static void explain(const char *debugfs, const char *path, int cause,
		    char *error)
{
	struct statfs fs;
	const char *what = NULL;

	if (cause == EACCES || cause == EPERM)
		what = "only root may read it: try sudo giltop";
	else if (cause != ENOENT && cause != ENOTDIR)
		what = NULL;
	else if (statfs(debugfs, &fs) || fs.f_type != DEBUGFS_MAGIC)
		what = "debugfs is not mounted there: 'mount -t debugfs none /sys/kernel/debug'";
	else if (access("/sys/module/gil", F_OK))
		what = "the module is not loaded: 'make insmod', or 'make run' for a guest";
	else
		what = "the module could not make it: see the kernel log";
	snprintf(error, SNAPSHOT_ERROR_MAX, "%s: %s%s%s", path,
		 strerror(cause), what ? "; " : "", what ? what : "");
}

/* All of a file, which may grow; NULL: errno. */
static char *read_all(int fd, size_t *length)
{
	size_t room = 65536;
	char *text = malloc(room), *more;
	ssize_t n;

	*length = 0;
	while (text) {
		n = read(fd, text + *length, room - *length);
		if (n == 0)
			return text;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		*length += (size_t)n;
		if (*length < room)
			continue;
		room *= 2;
		more = realloc(text, room);
		if (!more)
			break;
		text = more;
	}
	free(text);
	return NULL;
}

static char *read_table(const char *debugfs, const char *name, size_t *length,
			char *error)
{
	char *path, *text = NULL;
	int fd;

	if (asprintf(&path, "%s/gil/%s", debugfs, name) < 0) {
		snprintf(error, SNAPSHOT_ERROR_MAX, "%s", strerror(ENOMEM));
		return NULL;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		text = read_all(fd, length);
		if (!text)
			snprintf(error, SNAPSHOT_ERROR_MAX, "%s: %s", path,
				 strerror(errno));
		close(fd);
	} else {
		explain(debugfs, path, errno, error);
	}
	free(path);
	return text;
}

static void not_a_table(const char *debugfs, const char *name, const char *why,
			char *error)
{
	snprintf(error, SNAPSHOT_ERROR_MAX,
		 "%s/gil/%s is not what this giltop reads: %s; is the module of another version?",
		 debugfs, name, why);
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool read_locks(struct snapshot *s, const char *debugfs, char *error)
{
	char why[TABLE_ERROR_MAX];
	size_t length;
	char *text = read_table(debugfs, "locks", &length, error);

	if (!text)
		return false;
	s->locks = locks_parse(text, length, &s->lock_count, why);
	if (!s->locks)
		not_a_table(debugfs, "locks", why, error);
	free(text);
	return s->locks;
}

static bool read_threads(struct snapshot *s, const char *debugfs, char *error)
{
	char why[TABLE_ERROR_MAX];
	size_t length;
	char *text = read_table(debugfs, "threads", &length, error);

	if (!text)
		return false;
	s->threads = threads_parse(text, length, &s->thread_count, why);
	if (!s->threads)
		not_a_table(debugfs, "threads", why, error);
	free(text);
	return s->threads;
}

bool snapshot_read(struct snapshot *snapshot, const char *debugfs, char *error)
{
	*snapshot = (struct snapshot){ .at_ns = monotonic_ns() };
	if (read_locks(snapshot, debugfs, error) &&
	    read_threads(snapshot, debugfs, error))
		return true;
	snapshot_free(snapshot);
	return false;
}

void snapshot_free(struct snapshot *snapshot)
{
	free(snapshot->locks);
	free(snapshot->threads);
	*snapshot = (struct snapshot){ 0 };
}

const struct lock_row *snapshot_lock(const struct snapshot *snapshot,
				     uint64_t lock)
{
	struct lock_row key = { .lock = lock };

	if (!snapshot->lock_count)
		return NULL;
	return bsearch(&key, snapshot->locks, snapshot->lock_count,
		       sizeof(key), compare_locks);
}

const struct thread_row *snapshot_thread(const struct snapshot *snapshot,
					 uint64_t lock, uint64_t id)
{
	struct thread_row key = { .lock = lock, .id = id };

	if (!snapshot->thread_count)
		return NULL;
	return bsearch(&key, snapshot->threads, snapshot->thread_count,
		       sizeof(key), compare_threads);
}

bool thread_waits(const struct thread_row *thread)
{
	return !strcmp(thread->state, "queued");
}

bool thread_owns(const struct thread_row *thread)
{
	return !strcmp(thread->state, "owner") ||
	       !strcmp(thread->state, "granted");
}
