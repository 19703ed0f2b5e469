/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel says of all locks and threads at one moment. */
#ifndef GILTOP_SNAPSHOT_H
#define GILTOP_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct gil_counts, as the tables have it. */
enum counter {
	COUNT_FAST,
	COUNT_SLOW,
	COUNT_CONTENDED,
	COUNT_HANDOFFS,
	COUNT_RELEASES,
	COUNT_IO,
	COUNT_YIELDS,
	COUNT_DROP_REQUESTS,
	COUNT_FORCED,
	COUNT_DEATHS,
	COUNT_TIMEOUTS,
	COUNT_CANCELS,
	COUNT_INTERRUPTS,
	COUNT_LAZY,
	COUNT_LAZY_RETURNS,
	COUNT_WAIT_NS,
	COUNT_WAIT_MAX_NS,
	COUNT_WAKEUP_NS,
	COUNT_WAKEUP_MAX_NS,
	COUNT_HOLD_NS,
	COUNT_HOLD_MAX_NS,
	COUNTERS,
};

/* The column that a counter is in. */
const char *counter_name(enum counter counter);

/* One line's figures; @since_ns: of an owner or a waiter, or 0. */
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

/* From the text of a table, which is changed; NULL: @error, TABLE_ERROR_MAX. */
struct lock_row *locks_parse(char *text, size_t length, size_t *count,
			     char *error);
struct thread_row *threads_parse(char *text, size_t length, size_t *count,
				 char *error);

/* NULL: it is not there. */
const struct lock_row *snapshot_lock(const struct snapshot *snapshot,
				     uint64_t lock);
const struct thread_row *snapshot_thread(const struct snapshot *snapshot,
					 uint64_t lock, uint64_t id);

/* Of a thread: it is in the queue; the lock is its, told of it or not. */
bool thread_waits(const struct thread_row *thread);
bool thread_owns(const struct thread_row *thread);

#endif
