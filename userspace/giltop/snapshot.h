/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel says about all locks and threads at one moment. */
#ifndef GILTOP_SNAPSHOT_H
#define GILTOP_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct gil_counts, by the names of the columns in the tables. */
#define FOR_EACH_COUNTER(X) \
	X(FAST, fast) X(SLOW, slow) X(CONTENDED, contended) \
	X(HANDOFFS, handoffs) X(RELEASES, releases) X(IO, io) \
	X(YIELDS, yields) X(DROP_REQUESTS, drop_requests) X(FORCED, forced) \
	X(DEATHS, deaths) X(TIMEOUTS, timeouts) X(CANCELS, cancels) \
	X(INTERRUPTS, interrupts) X(LAZY, lazy) X(LAZY_RETURNS, lazy_returns) \
	X(WAIT_NS, wait_ns) X(WAIT_MAX_NS, wait_max_ns) \
	X(WAKEUP_NS, wakeup_ns) X(WAKEUP_MAX_NS, wakeup_max_ns) \
	X(HOLD_NS, hold_ns) X(HOLD_MAX_NS, hold_max_ns)

enum counter {
#define COUNTER_NUMBER(name, ...) COUNT_##name,
	FOR_EACH_COUNTER(COUNTER_NUMBER)
	COUNTERS,
};

/* The column that a counter is in. */
const char *counter_name(enum counter counter);

/* One line's figures; @since_ns is 0 except for an owner or a waiter. */
struct figures {
	uint64_t counts[COUNTERS];
	uint64_t now_ns;
	uint64_t since_ns;
};

struct lock_row {
	uint64_t lock;
	uint64_t owner;
	uint64_t waiting;
	uint64_t waiting_max;
	uint64_t threads;
	uint64_t bound;
	uint64_t interval_ns;
	uint64_t grace_ns;
	char policy[32];
	struct figures figures;
};

struct thread_row {
	uint64_t lock;
	uint64_t id;
	uint64_t tgid;
	uint64_t tid;
	char state[16];
	uint64_t bind;
	uint64_t cpu_ns;
	char comm[32];
	struct figures figures;
};

/* Sorted: locks by number, threads by lock and id. */
struct snapshot {
	uint64_t at_ns;		/* CLOCK_MONOTONIC, before it was read */
	struct lock_row *locks;
	size_t lock_count;
	struct thread_row *threads;
	size_t thread_count;
};

#define SNAPSHOT_ERROR_MAX	512

/*
 * Read the tables below @debugfs. False: @error, of SNAPSHOT_ERROR_MAX bytes,
 * says why and what to do; the snapshot is empty then.
 */
bool snapshot_read(struct snapshot *snapshot, const char *debugfs,
		   char *error);
void snapshot_free(struct snapshot *snapshot);

/*
 * From the text of a table, which is changed, an array of struct lock_row or of
 * struct thread_row; NULL: @error, of TABLE_ERROR_MAX bytes, says why.
 */
void *locks_parse(char *text, size_t length, size_t *count, char *error);
void *threads_parse(char *text, size_t length, size_t *count, char *error);

uint64_t monotonic_ns(void);

/* NULL: it is not there. */
const struct lock_row *snapshot_lock(const struct snapshot *snapshot,
				     uint64_t lock);
const struct thread_row *snapshot_thread(const struct snapshot *snapshot,
					 uint64_t lock, uint64_t id);

/* Is it in the queue? Does it own the lock, even if it is still waking up? */
bool thread_waits(const struct thread_row *thread);
bool thread_owns(const struct thread_row *thread);

#endif
