// SPDX-License-Identifier: GPL-2.0
/*
 * The time from one owner's release to the next owner's first instruction, with
 * more and more waiters in the queue.
 *
 * All workers are started once, and each round wakes as many as it needs. They
 * queue behind the main thread, which owns the lock until all of them wait. It
 * sleeps meanwhile, so it uses the lock as at the level manual. Then every
 * owner notes how long ago the lock was released, and yields, so that the queue
 * keeps its length. After enough handoffs the owners leave one by one.
 *
 * The floor is a bare futex: the workers of the shortest queue form a ring.
 * Each sleeps on a word of its own and wakes the next. In a ring of two, a
 * worker would often be woken before it has gone to sleep.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "args/missing.h"
#include "clock.h"
#include "futex.h"
#include "sample.h"
#include "team.h"
#include "watchdog.h"
#include "workload.h"

#define DEFAULT_WAITERS 10000
#define QUICK_WAITERS 1000
#define DEFAULT_HANDOFFS 500

/* Limits a round with a lock that is not handed over, and hardly ever moves. */
#define ROUND_MAX_NS (2 * NS_PER_S)

/*
 * Limit of the ratio of most waiters to fewest. If the lock searched its queue,
 * the ratio would be a thousand or more. A factor of two or three is allowed,
 * because a thread whose turn comes once in thousands has lost its caches.
 */
#define GROWTH_MAX 3

/* The first rung has at most two waiters and an owner. */
#define RING_MAX 3

static const unsigned int rungs[] = { 2, 10, 100, 1000, 10000 };

#define RUNGS_MAX (sizeof(rungs) / sizeof(*rungs))
#define NOBODY UINT_MAX

struct job {
	struct lock *lock;
	const struct lock_ops *manual;
	/* Waiters in each rung; a round has one worker more, the owner. */
	unsigned int waiters[RUNGS_MAX];
	unsigned int rung_count;
	/* For each rung, the round of the workers that it adds. */
	atomic_uint round[RUNGS_MAX];
	atomic_uint ready;
	atomic_uint done;
	/* The round uses bare futexes, on the words below. */
	bool bare;
	atomic_uint turn[RING_MAX];

	/* Written by the owner only, or before the round. */
	unsigned int owner;
	uint64_t released_ns;
	uint64_t end_ns;
	uint64_t wanted;
	/* May pass wanted, because a bound owner may be switched anywhere. */
	atomic_uint_fast64_t noted;
	uint64_t latency_ns[];
};

static const char *rung_name(unsigned int waiters)
{
	static char name[RESULT_NAME_MAX];

	snprintf(name, sizeof(name), "%u_waiters", waiters);
	return name;
}

/* The first rung that needs this worker. */
static unsigned int rung_of(const struct job *job, unsigned int index)
{
	unsigned int rung = 0;

	while (rung < job->rung_count && index > job->waiters[rung])
		rung++;
	return rung;
}

/* Note one owner's turn. Returns whether there is another one. */
static bool note(struct job *job, unsigned int index)
{
	uint64_t now = now_ns(), slot;

	if (job->owner != index && now >= job->released_ns) {
		slot = atomic_fetch_add(&job->noted, 1);
		if (slot < job->wanted)
			job->latency_ns[slot] = now - job->released_ns;
	}
	job->owner = index;
	return atomic_load(&job->noted) < job->wanted && now < job->end_ns;
}

static int go_round(struct job *job, unsigned int index)
{
	int error;

	atomic_fetch_add(&job->ready, 1);
	error = lock_acquire(job->lock);
	while (!error && note(job, index)) {
		job->released_ns = now_ns();
		error = lock_yield(job->lock);
	}
	if (!error)
		error = lock_release(job->lock);
	atomic_fetch_add(&job->done, 1);
	return error;
}

static void go_bare(struct job *job, unsigned int index)
{
	unsigned int ring = job->waiters[0] + 1;
	atomic_uint *mine = &job->turn[index];
	atomic_uint *next = &job->turn[(index + 1) % ring];

	for (uint64_t i = index; i < job->wanted; i += ring) {
		while (!atomic_load(mine))
			futex_wait(mine, 0);
		job->latency_ns[i] = now_ns() - job->released_ns;
		atomic_store(mine, 0);
		job->released_ns = now_ns();
		atomic_store(next, 1);
		futex_wake(next, 1);
	}
	atomic_fetch_add(&job->done, 1);
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;
	unsigned int rung = rung_of(job, index), seen = 0;
	atomic_uint *round = &job->round[rung];

	team_name("waiter", index);
	if (!team_attach(team, index, job->lock))
		return;
	for (;;) {
		while (atomic_load(round) == seen)
			futex_wait(round, seen);
		seen++;
		if (team_stopping(team))
			return;
		if (job->bare)
			go_bare(job, index);
		else if (!team_ok(team, index, go_round(job, index),
				  "hand over"))
			return;
	}
}

/* Wake the workers of a rung and of those before it. */
static void wake(struct job *job, unsigned int rung)
{
	for (unsigned int i = 0; i <= rung; i++) {
		atomic_fetch_add(&job->round[i], 1);
		futex_wake(&job->round[i], INT_MAX);
	}
}

static void wait_until_done(struct team *team, struct job *job,
			    unsigned int workers)
{
	while (atomic_load(&job->done) < workers && !team_stopping(team))
		sleep_ns(NS_PER_MS);
}

static int one_round(struct team *team, struct job *job, unsigned int rung)
{
	unsigned int workers = job->waiters[rung] + 1;
	int error = job->manual->acquire(job->lock), released;

	if (error)
		return error;
	atomic_store(&job->noted, 0);
	job->owner = NOBODY;
	atomic_store(&job->ready, 0);
	atomic_store(&job->done, 0);
	wake(job, rung);
	error = team_wait_queued(team, job->lock, &job->ready, workers);
	job->released_ns = now_ns();
	job->end_ns = job->released_ns + ROUND_MAX_NS;
	released = job->manual->release(job->lock);
	wait_until_done(team, job, workers);
	return error ? error : released;
}

static int measure_floor(struct team *team, struct result *result,
			 struct job *job)
{
	uint64_t median;

	atomic_store(&job->done, 0);
	for (unsigned int i = 0; i < RING_MAX; i++)
		atomic_store(&job->turn[i], i == 0);
	job->released_ns = now_ns();
	job->bare = true;
	wake(job, 0);
	wait_until_done(team, job, job->waiters[0] + 1);
	job->bare = false;
	if (team_stopping(team))
		return -1;
	median = sample_quantile(job->latency_ns, job->wanted, 0.5);
	result_sample_ns(result, "futex", (double)median);
	return 0;
}

static int measure_rung(struct team *team, struct result *result,
			struct job *job, unsigned int rung)
{
	int error = one_round(team, job, rung);
	uint64_t median, noted;

	if (error)
		fprintf(stderr, "gilbench: the first owner failed: %s\n",
			missing_reason(error));
	if (error || team_stopping(team))
		return -1;
	noted = atomic_load(&job->noted);
	if (!noted)
		return 0;
	if (noted > job->wanted)
		noted = job->wanted;
	median = sample_quantile(job->latency_ns, noted, 0.5);
	result_sample_ns(result, rung_name(job->waiters[rung]),
			 (double)median);
	return 0;
}

static int measure_all(const struct options *options, struct result *result,
		       struct team *team, struct job *job)
{
	for (unsigned int rep = 1; rep <= options->repeat; rep++) {
		watchdog_step("futex", rep, options->repeat);
		if (measure_floor(team, result, job))
			return -1;
		for (unsigned int i = 0; i < job->rung_count; i++) {
			watchdog_step(rung_name(job->waiters[i]), rep,
				      options->repeat);
			if (measure_rung(team, result, job, i))
				return -1;
		}
	}
	return 0;
}

static void judge(const struct options *options, struct result *result,
		  const struct job *job, unsigned int asked)
{
	unsigned int most = job->waiters[job->rung_count - 1];
	double few = result_median(result, rung_name(job->waiters[0]));
	double many = result_median(result, rung_name(most));

	result_seen(result,
		    "a handoff takes %.2f times as long as a futex wake-up with %u waiters, and %.2f times with %u: a factor of %.2f",
		    few / result_median(result, "futex"), job->waiters[0],
		    many / result_median(result, "futex"), most, many / few);
	if (!options->lock->waiting)
		result_not_judged(result,
				  "this lock is not handed over: any thread may take it");
	else if (job->rung_count < 2)
		result_not_judged(result,
				  "there is nothing to compare with one queue length");
	else if (most < asked)
		result_not_judged(result,
				  "only %u of %u workers could be started; see ulimit -u and the cgroup's pids.max",
				  most, asked);
	else
		result_judge(result, many <= few * GROWTH_MAX);
}

/* Use the rungs below that number of waiters, and the number itself. */
static void climb(struct job *job, unsigned int waiters)
{
	job->rung_count = 0;
	for (unsigned int i = 0; i < RUNGS_MAX && rungs[i] < waiters; i++)
		job->waiters[job->rung_count++] = rungs[i];
	if (job->rung_count == RUNGS_MAX)
		job->rung_count--;
	job->waiters[job->rung_count++] = waiters;
}

static int run_team(const struct options *options, struct result *result,
		    struct job *job, unsigned int asked)
{
	const struct team_spec spec = {
		.size = asked + 1,
		.processes = options->procs,
		.fewer_ok = true,
		.work = work,
		.job = job,
	};
	struct team *team;
	int error;

	climb(job, asked);
	watchdog_step("starting workers", 0, asked);
	team = team_start(&spec);
	if (!team)
		return -1;
	if (team_size(team) < spec.size)
		climb(job, team_size(team) > 2 ? team_size(team) - 1 : 1);
	result_figure(result, "futex", "s", NULL);
	for (unsigned int i = 0; i < job->rung_count; i++)
		result_figure(result, rung_name(job->waiters[i]), "s", NULL);
	team_go(team);
	error = measure_all(options, result, team, job);
	team_stop(team);
	wake(job, RUNGS_MAX - 1);
	if (!team_join(team) || error)
		return -1;
	judge(options, result, job, asked);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	unsigned int asked = options_workers(options, options->quick ?
					     QUICK_WAITERS : DEFAULT_WAITERS);
	uint64_t wanted = options->count ? options->count : DEFAULT_HANDOFFS;
	size_t size = sizeof(struct job) + wanted * sizeof(uint64_t);
	struct job *job = shared_alloc(size);
	int error = -1;

	if (!job)
		return -1;
	job->wanted = wanted;
	job->manual = options->lock;
	if (!lock_open(&job->lock, options->lock, &options->lock_options)) {
		error = run_team(options, result, job, asked);
		lock_close(job->lock);
	}
	shared_free(job, size);
	return error;
}

const struct workload workload_handoff = {
	.name = "handoff",
	.doc = "time from release to the next owner, with 2 to 10,000 waiters",
	.claims = { {
		"",
		"The time of a handoff does not grow with the number of waiters",
	} },
	.baseline = "futex",
	.run = run,
};
