/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A team of workers that start together, as threads or as forked processes.
 * A workload allocates what it shares with them by shared_alloc(), so that the
 * same function can serve as a thread or as a process.
 */
#ifndef GILBENCH_TEAM_H
#define GILBENCH_TEAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lock;
struct team;

struct team_spec {
	unsigned int size;
	bool processes;
	/* Go ahead with fewer workers when no more can be started. */
	bool fewer_ok;
	/*
	 * What one worker does: prepare, wait at team_gate(), and work. When
	 * something fails, the worker reports it by team_ok() and returns.
	 */
	void (*work)(struct team *team, unsigned int index, void *job);
	void *job;
};

/* Zeroed memory shared with forked processes; NULL after saying why not. */
void *shared_alloc(size_t size);
void shared_free(void *memory, size_t size);

/* Returns when all workers are at the gate; NULL after saying why not. */
struct team *team_start(const struct team_spec *spec);
unsigned int team_size(const struct team *team);
void team_go(struct team *team);

/*
 * Wait for all to end. Returns the time from the opening of the gate until
 * the last worker was done, or 0 after saying what failed. Frees the team.
 */
uint64_t team_join(struct team *team);

/* team_start(), team_go() and team_join() for a team of that size. */
uint64_t team_run(unsigned int size, bool processes,
		  void (*work)(struct team *, unsigned int, void *), void *job);

/*
 * For workers: name the thread role-number, for traces, debuggers and top(1).
 * Do so before the worker first uses the lock.
 */
void team_name(const char *role, unsigned int number);

/* For workers: wait for the start; false: there is no start, so return. */
bool team_gate(struct team *team, unsigned int index);

/* For workers that use a lock: attach to it, then wait at the gate. */
bool team_attach(struct team *team, unsigned int index, struct lock *lock);

/*
 * For the lock's owner: wait until that many are in its queue. If the lock
 * cannot tell, wait until *ready is that many. Returns an error number.
 */
int team_wait_queued(const struct team *team, struct lock *lock,
		     const atomic_uint *ready, unsigned int wanted);

/* Ask all workers to end; whether somebody has asked. */
void team_stop(struct team *team);
bool team_stopping(const struct team *team);

/*
 * For workers: returns true if error is 0. Otherwise records the failure,
 * stops the team and returns false.
 */
bool team_ok(struct team *team, unsigned int index, int error,
	     const char *doing);

#endif
