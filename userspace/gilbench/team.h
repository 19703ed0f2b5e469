/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A team: workers, as threads or as forked processes, that start together.
 * What a workload shares with its workers it allocates by shared_alloc(), so
 * that the same function serves both kinds.
 */
#ifndef GILBENCH_TEAM_H
#define GILBENCH_TEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct team;

struct team_spec {
	unsigned int size;
	bool processes;
	/* Go ahead with fewer workers when no more can be started. */
	bool fewer_ok;
	/*
	 * One worker. It makes ready, waits at team_gate(), and works; when
	 * something fails it says so by team_fail() and returns.
	 */
	void (*work)(struct team *team, unsigned int index, void *job);
	void *job;
};

/* Memory shared with forked processes, zeroed; NULL after saying why. */
void *shared_alloc(size_t size);
void shared_free(void *memory, size_t size);

/* All workers are at the gate when it returns; NULL after saying why. */
struct team *team_start(const struct team_spec *spec);
unsigned int team_size(const struct team *team);
void team_go(struct team *team);

/*
 * Wait for all to end. Returns the time from the opening of the gate until
 * the last worker was done, or 0 after saying what failed. Frees the team.
 */
uint64_t team_join(struct team *team);

/* team_start(), team_go() and team_join(). */
uint64_t team_run(const struct team_spec *spec);

/*
 * For workers: be called role-number, as traces, debuggers and top(1) will
 * show it. To be done before the lock sees the worker.
 */
void team_name(const char *role, unsigned int number);

/* For workers: false when the team will not start, so return. */
bool team_gate(struct team *team, unsigned int index);

/* Ask all to end, and whether somebody asked. */
void team_stop(struct team *team);
bool team_stopping(const struct team *team);

/*
 * For workers: record a failure, which stops the team. Passes success on:
 * returns whether error is 0.
 */
bool team_ok(struct team *team, unsigned int index, int error,
	     const char *doing);

#endif
