// SPDX-License-Identifier: GPL-2.0
/*
 * A known answer: makes a known number of acquisitions wait, to compare it with
 * what the kernel and a trace count.
 *
 * In each round the owner holds the lock and lets a batch of workers ask for
 * it. It releases the lock only when it sees all of them in the lock's queue,
 * so each worker waits once and is then handed the lock. The owner returns
 * after the last worker has released the lock, so it never waits itself.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "args/missing.h"
#include "clock.h"
#include "futex.h"
#include "team.h"
#include "watchdog.h"
#include "workload.h"

#define DEFAULT_WORKERS 4
#define DEFAULT_COUNT 100

struct job {
	struct lock *lock;
	unsigned int workers;
	uint64_t count;
	/* Incremented when a batch may ask for the lock. */
	atomic_uint round;
	/* Workers that have finished this round, whether they asked or not. */
	atomic_uint done;
	uint64_t rounds;
	/* Written by the owner of the lock only. */
	uint64_t acquired;
};

/* All workers, except in the last round, which may need fewer. */
static unsigned int batch_of(const struct job *job, uint64_t round)
{
	uint64_t left = job->count - round * job->workers;

	return left < job->workers ? (unsigned int)left : job->workers;
}

static int ask(struct job *job)
{
	int error = lock_acquire(job->lock);

	if (error)
		return error;
	job->acquired++;
	return lock_release(job->lock);
}

static bool wait_for_round(struct team *team, struct job *job,
			   unsigned int round)
{
	while (atomic_load(&job->round) == round && !team_stopping(team))
		futex_wait(&job->round, round);
	return !team_stopping(team);
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;
	unsigned int round = 0;

	team_name("waiter", index);
	if (!team_attach(team, index, job->lock))
		return;
	while (wait_for_round(team, job, round)) {
		if (index < batch_of(job, round) &&
		    !team_ok(team, index, ask(job), "acquire or release"))
			return;
		round++;
		atomic_fetch_add(&job->done, 1);
		if (round == job->rounds)
			return;
	}
}

static int one_round(struct team *team, struct job *job, uint64_t round)
{
	unsigned int workers = job->workers;
	int error = lock_acquire(job->lock), released;

	if (error)
		return error;
	atomic_store(&job->done, 0);
	atomic_fetch_add(&job->round, 1);
	futex_wake(&job->round, INT_MAX);
	error = team_wait_queued(team, job->lock, NULL,
				 batch_of(job, round));
	/* Release even after an error, because others wait in the queue. */
	released = lock_release(job->lock);
	if (!error)
		error = released;
	while (!error && atomic_load(&job->done) < workers &&
	       !team_stopping(team))
		sleep_ns(100 * NS_PER_US);
	return error;
}

static int own(struct team *team, struct job *job)
{
	int error = 0;

	for (uint64_t i = 0; i < job->rounds && !error; i++)
		error = one_round(team, job, i);
	if (error) {
		fprintf(stderr, "gilbench: the owner failed: %s\n",
			missing_reason(error));
		team_stop(team);
		/* Wake the workers that sleep between rounds, so that they end. */
		atomic_fetch_add(&job->round, 1);
		futex_wake(&job->round, INT_MAX);
	}
	return error;
}

static int contend(const struct options *options, struct job *job)
{
	const struct team_spec spec = {
		.size = job->workers,
		.processes = options->procs,
		.work = work,
		.job = job,
	};
	struct team *team = team_start(&spec);
	int error;

	if (!team)
		return -1;
	team_go(team);
	error = own(team, job);
	return team_join(team) && !error ? 0 : -1;
}

static void judge(struct result *result, const struct job *job,
		  const struct gil_counts *counts)
{
	bool agree = counts->contended == job->count &&
		     job->acquired == job->count;

	result_sample(result, "made", (double)job->acquired);
	result_sample(result, "counted", (double)counts->contended);
	result_seen(result,
		    "%llu acquisitions had to wait; the kernel counts %llu contended acquisitions and %llu handoffs",
		    (unsigned long long)job->acquired,
		    (unsigned long long)counts->contended,
		    (unsigned long long)counts->handoffs);
	result_judge(result, agree && counts->handoffs == job->count);
}

static void add_details(struct result *result, const struct job *job,
			const struct gil_lock_stats *stats)
{
	const struct gil_counts *counts = &stats->counts;

	result_detail(result, "workers", json_integer(job->workers));
	result_detail(result, "made", json_integer((json_int_t)job->acquired));
	result_detail(result, "owner_acquires",
		      json_integer((json_int_t)job->rounds));
	result_detail(result, "lock", json_integer(stats->lock));
	result_detail(result, "kernel",
		      json_pack("{s:I, s:I, s:I, s:I}",
				"contended", (json_int_t)counts->contended,
				"handoffs", (json_int_t)counts->handoffs,
				"slow_acquires",
				(json_int_t)counts->slow_acquires,
				"fast_acquires",
				(json_int_t)counts->fast_acquires));
}

static int measure(const struct options *options, struct result *result,
		   struct job *job)
{
	struct gil_lock_stats stats;
	int error;

	watchdog_step("rounds", 1, 1);
	if (contend(options, job))
		return -1;
	error = options->lock->stats(job->lock, &stats);
	if (error) {
		fprintf(stderr, "gilbench: lock statistics: %s\n",
			missing_reason(error));
		return -1;
	}
	result_figure(result, "made", "acquires", NULL);
	result_figure(result, "counted", "acquires", NULL);
	judge(result, job, &stats.counts);
	add_details(result, job, &stats);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	struct job *job;
	int error = -1;

	if (!options->lock->waiting || !options->lock->stats) {
		result_not_run(result,
			       "this lock does not count, and cannot tell how many wait; use --lock gil");
		return 0;
	}
	job = shared_alloc(sizeof(*job));
	if (!job)
		return -1;
	job->workers = options_workers(options, DEFAULT_WORKERS);
	job->count = options->count ? options->count : DEFAULT_COUNT;
	job->rounds = (job->count + job->workers - 1) / job->workers;
	if (!lock_open(&job->lock, options->lock, &options->lock_options)) {
		error = measure(options, result, job);
		lock_close(job->lock);
	}
	shared_free(job, sizeof(*job));
	return error;
}

const struct workload workload_contend = {
	.name = "contend",
	.doc = "make exactly --count acquisitions wait: a known answer",
	.claims = { {
		"",
		"The kernel counts exactly the contended acquisitions that "
		"were made",
	} },
	.baseline = "made",
	.manual_only = true,
	.run = run,
};
