// SPDX-License-Identifier: GPL-2.0
/*
 * Lost updates. counter += 1 is a load, an addition and a store. Threads that
 * run in between make it lose updates, and a global lock lets them in if it may
 * switch there.
 */
#include <stdio.h>

#include "clock.h"
#include "cpus.h"
#include "mutex.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

#define DEFAULT_WORKERS 2

/* Run for at least this many intervals, so that the owner often switches. */
#define INTERVALS_MIN 10

enum protection {
	BARE,
	UNDER_LOCK,
	WITH_MUTEX,
};

struct arm {
	const char *name;
	enum protection protection;
};

static const struct arm arms[] = {
	{ "mutex", WITH_MUTEX },
	{ "lock", UNDER_LOCK },
	{ "bare", BARE },
};

#define ARMS (sizeof(arms) / sizeof(*arms))

struct job {
	struct lock *lock;
	enum protection protection;
	uint64_t count;
	unsigned int workers;
	/* Additions of each worker, by arm. */
	uint64_t counts[ARMS];
	pthread_mutex_t mutex;
	/* Volatile, so that each load and each store is made as written. */
	volatile uint64_t counter;
};

/* Like an interpreter, make a checkpoint between the load and the store. */
static int add_one(struct job *job)
{
	uint64_t value = job->counter;
	int error = lock_checkpoint(job->lock);

	job->counter = value + 1;
	return error;
}

/*
 * Take the mutex as an interpreter takes a lock of its language: give up the
 * global lock before waiting. Otherwise the mutex's owner could not run, and
 * would never unlock it.
 */
static int add_one_with_mutex(struct job *job)
{
	int error = pthread_mutex_trylock(&job->mutex);

	if (error == EBUSY) {
		error = lock_io_begin(job->lock);
		if (error)
			return error;
		error = pthread_mutex_lock(&job->mutex);
		if (!error)
			error = lock_io_end(job->lock);
	}
	if (!error)
		error = add_one(job);
	return error ? error : pthread_mutex_unlock(&job->mutex);
}

static int add_bare(struct job *job)
{
	for (uint64_t i = 0; i < job->count; i++) {
		uint64_t value = job->counter;

		job->counter = value + 1;
	}
	return 0;
}

static int add(struct job *job)
{
	int error;

	if (job->protection == BARE)
		return add_bare(job);
	error = lock_acquire(job->lock);
	for (uint64_t i = 0; i < job->count && !error; i++)
		error = job->protection == WITH_MUTEX ?
			add_one_with_mutex(job) : add_one(job);
	return error ? error : lock_release(job->lock);
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;

	team_name("adder", index);
	/* On one CPU, bare workers would take turns and hardly ever race. */
	if (job->protection == BARE)
		cpus_pin(index);
	if (team_attach(team, index, job->lock))
		team_ok(team, index, add(job), "add");
}

/* How many additions a worker makes per second in that arm. */
static uint64_t per_second(struct job *job, const struct arm *arm)
{
	uint64_t start, ns = 0;

	job->protection = arm->protection;
	for (job->count = 1000; ns < 10 * NS_PER_MS; job->count *= 2) {
		start = now_ns();
		if (add(job))
			return 0;
		ns = now_ns() - start;
	}
	return job->count / 2 * NS_PER_S / ns;
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *arg)
{
	const struct arm *arm = row;
	struct job *job = arg;

	job->counter = 0;
	job->count = job->counts[arm - arms];
	job->protection = arm->protection;
	if (!team_run(job->workers, options->procs, work, job))
		return -1;
	result_sample(result, arm->name,
		      (double)job->counter /
		      ((double)job->workers * (double)job->count));
	return 0;
}

/* No update may be lost in any repetition; the median is not enough. */
static bool all_kept(const struct result *result, const char *name)
{
	size_t count;
	const double *samples = result_samples(result, name, &count);

	for (size_t i = 0; i < count; i++)
		if (samples[i] < 1 || samples[i] > 1)
			return false;
	return true;
}

static void judge(const struct options *options, struct result *result,
		  unsigned int n)
{
	double bare = result_median(result, "bare");
	double lock = result_median(result, "lock");
	double mutex = result_median(result, "mutex");

	result_seen(result,
		    "%.2f%% of all updates were kept with a mutex, %.2f%% under the lock with a checkpoint in the middle, and %.2f%% with neither",
		    mutex * 100, lock * 100, bare * 100);
	if (!options->lock->excludes)
		result_not_judged(result, "there is no lock that could switch");
	else if (n < 2)
		result_not_judged(result, "a single worker races with nobody");
	else if (cpus_usable() < 2)
		result_not_judged(result,
				  "on one CPU bare threads hardly ever meet in the middle of an addition");
	else if (!options->lock->fifo && !(lock < 1))
		result_not_judged(result,
				  "this lock is not handed over, and its owner took it back each time");
	else
		result_judge(result, all_kept(result, "mutex") && lock < 1 &&
			     bare < 1);
}

/*
 * Additions of each worker that fill the budget and allow many switches. Each
 * arm has its own number, because a bare addition is many times as fast as one
 * with a mutex. 0: adding failed.
 */
static uint64_t count_for(const struct options *options, struct job *job,
			  const struct arm *arm)
{
	uint64_t ns = options_budget_ns(options) / ARMS;
	uint64_t least = INTERVALS_MIN * lock_interval_ns(job->lock);

	if (options->count)
		return options->count;
	if (ns < least)
		ns = least;
	return per_second(job, arm) * (ns / NS_PER_US) /
	       (job->workers * 1000000ULL);
}

static int prepare(const struct options *options, struct result *result,
		   struct job *job)
{
	json_t *each = json_object();

	for (unsigned int i = 0; i < ARMS; i++) {
		job->counts[i] = count_for(options, job, &arms[i]);
		if (!job->counts[i]) {
			fputs("gilbench: one worker alone cannot add\n", stderr);
			json_decref(each);
			return -1;
		}
		result_figure(result, arms[i].name, "of all", NULL);
		json_object_set_new(each, arms[i].name,
				    json_integer((json_int_t)job->counts[i]));
	}
	result_detail(result, "updates_each", each);
	result_detail(result, "workers", json_integer(job->workers));
	return 0;
}

static int run_arms(const struct options *options, struct result *result,
		    struct job *job)
{
	static const struct arms all = ARMS_OF(arms, run_arm);

	job->workers = options_workers(options, DEFAULT_WORKERS);
	if (prepare(options, result, job) ||
	    arms_run(options, result, &all, job))
		return -1;
	judge(options, result, job->workers);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	struct job *job = shared_alloc(sizeof(*job));
	int error = -1;

	if (!job)
		return -1;
	if (!mutex_init_shared(&job->mutex) &&
	    !lock_open(&job->lock, options->lock, &options->lock_options)) {
		error = run_arms(options, result, job);
		lock_close(job->lock);
	}
	shared_free(job, sizeof(*job));
	return error;
}

const struct workload workload_counter = {
	.name = "counter",
	.doc = "lost updates: bare, under the lock, with a mutex as well",
	.claims = { {
		"",
		"A global lock that may switch in the middle of counter += "
		"1 loses updates, as no lock at all does; with a mutex "
		"around it none is lost",
	} },
	.baseline = "mutex",
	.run = run,
};
