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
#define COUNTER_COLUMN(name, column) \
	[COUNT_##name] = #column,
	FOR_EACH_COUNTER(COUNTER_COLUMN)
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

/* Both tables have a row's own fields, and the figures, which go to @at. */
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

void *locks_parse(char *text, size_t length, size_t *count, char *error)
{
	struct lock_row *locks =
		parse(text, length, lock_fields, LENGTH(lock_fields),
		      offsetof(struct lock_row, figures), sizeof(*locks),
		      count, error);

	if (locks)
		qsort(locks, *count, sizeof(*locks), compare_locks);
	return locks;
}

void *threads_parse(char *text, size_t length, size_t *count, char *error)
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

/* The whole file, which may grow while it is read; NULL: see errno. */
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

uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The rows of a table, or NULL. The caller knows which rows @parse makes. */
static void *read_rows(const char *debugfs, const char *name,
		       void *(*parse)(char *text, size_t length, size_t *count,
				      char *error),
		       size_t *count, char *error)
{
	char why[TABLE_ERROR_MAX];
	size_t length;
	char *text = read_table(debugfs, name, &length, error);
	void *rows;

	if (!text)
		return NULL;
	rows = parse(text, length, count, why);
	if (!rows)
		snprintf(error, SNAPSHOT_ERROR_MAX,
			 "%s/gil/%s is not what this giltop reads: %s; is the module of another version?",
			 debugfs, name, why);
	free(text);
	return rows;
}

bool snapshot_read(struct snapshot *snapshot, const char *debugfs, char *error)
{
	*snapshot = (struct snapshot){ .at_ns = monotonic_ns() };
	snapshot->locks = read_rows(debugfs, "locks", locks_parse,
				    &snapshot->lock_count, error);
	if (snapshot->locks)
		snapshot->threads = read_rows(debugfs, "threads", threads_parse,
					      &snapshot->thread_count, error);
	if (snapshot->threads)
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
