// SPDX-License-Identifier: GPL-2.0
/*
 * Reference counts of objects in an arena, which is never freed, so that a wrong
 * count does no harm. Every worker takes a reference to each object in turn and
 * gives it back. At the end all counts must be what they were.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "clock.h"
#include "cpus.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

#define OBJECTS 8
#define DEFAULT_WORKERS 2
#define INTERVALS_MIN 10

/* More than all workers together can take away by mistake. */
#define FIRST_COUNT 1000000000000000ULL

enum counting { PLAIN, ATOMIC };

struct arm {
	const char *name;
	/* What the time is called; NULL: the time is not of interest. */
	const char *time;
	enum counting counting;
	bool locked;
	bool alone;
};

static const struct arm arms[] = {
	{ "lock", "lock_time", PLAIN, true, false },
	{ "atomic", "atomic_time", ATOMIC, false, false },
	{ "bare", NULL, PLAIN, false, false },
	{ "plain_one", "plain_one_time", PLAIN, false, true },
	{ "atomic_one", "atomic_one_time", ATOMIC, false, true },
};

struct object {
	/* Volatile, so that each load and each store is made as written. */
	volatile uint64_t count;
	atomic_ullong atomic;
};

struct job {
	struct lock *lock;
	const struct arm *arm;
	unsigned int workers;
	/* References that each worker takes and gives back. */
	uint64_t each;
	struct object arena[OBJECTS];
};

static void add(struct object *object, uint64_t change)
{
	uint64_t count = object->count;

	object->count = count + change;
}

static void use_plain(struct job *job, uint64_t n)
{
	while (n--) {
		struct object *object = &job->arena[n % OBJECTS];

		add(object, 1);
		add(object, -1ULL);
	}
}

static void use_atomic(struct job *job, uint64_t n)
{
	while (n--) {
		struct object *object = &job->arena[n % OBJECTS];

		atomic_fetch_add(&object->atomic, 1);
		atomic_fetch_sub(&object->atomic, 1);
	}
}

static int use_locked(struct job *job)
{
	int error = lock_acquire(job->lock);

	for (uint64_t left = job->each; left && !error;) {
		uint64_t slice = left < SPIN_SLICE ? left : SPIN_SLICE;

		use_plain(job, slice);
		left -= slice;
		error = lock_checkpoint(job->lock);
	}
	return error ? error : lock_release(job->lock);
}

static int use(struct job *job)
{
	if (job->arm->locked)
		return use_locked(job);
	if (job->arm->counting == ATOMIC)
		use_atomic(job, job->each);
	else
		use_plain(job, job->each);
	return 0;
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;

	team_name("user", index);
	cpus_pin(index);
	if (team_attach(team, index, job->lock))
		team_ok(team, index, use(job), "use objects");
}

static double share_right(const struct job *job)
{
	unsigned int right = 0;

	for (unsigned int i = 0; i < OBJECTS; i++)
		right += job->arena[i].count == FIRST_COUNT &&
			 job->arena[i].atomic == FIRST_COUNT;
	return (double)right / OBJECTS;
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *arg)
{
	const struct arm *arm = row;
	struct job *job = arg;
	unsigned int workers = arm->alone ? 1 : job->workers;
	uint64_t elapsed;

	job->arm = arm;
	for (unsigned int i = 0; i < OBJECTS; i++) {
		job->arena[i].count = FIRST_COUNT;
		atomic_store(&job->arena[i].atomic, FIRST_COUNT);
	}
	elapsed = team_run(workers, options->procs, work, job);
	if (!elapsed)
		return -1;
	if (!arm->alone)
		result_sample(result, arm->name, share_right(job));
	if (arm->time)
		result_sample_ns(result, arm->time, (double)elapsed /
				 (double)(job->each * workers));
	return 0;
}

/* References per worker that take one of the arms' parts of the budget. */
static uint64_t default_each(const struct options *options, struct job *job)
{
	uint64_t ns = options_budget_ns(options) / 6, took = 0, each = 1000;
	uint64_t least = INTERVALS_MIN * lock_interval_ns(job->lock);

	for (; took < 10 * NS_PER_MS; each *= 2) {
		took = now_ns();
		use_plain(job, each);
		took = now_ns() - took;
	}
	return each / 2 * ((ns > least ? ns : least) / NS_PER_US) /
	       (took / NS_PER_US);
}

/* No count may be wrong in any repetition; the median is not enough. */
static bool all_right(const struct result *result, const char *name)
{
	size_t count;
	const double *samples = result_samples(result, name, &count);

	for (size_t i = 0; i < count; i++)
		if (samples[i] < 1)
			return false;
	return true;
}

static void judge(const struct options *options, struct result *result,
		  unsigned int workers)
{
	double bare = result_median(result, "bare");

	result_seen(result,
		    "%.0f%% of the counts were right under the lock, %.0f%% with atomic operations and %.0f%% with neither; alone, an atomic operation takes %.2f times as long as a plain one",
		    result_median(result, "lock") * 100,
		    result_median(result, "atomic") * 100, bare * 100,
		    result_ratio(result, "atomic_one_time"));
	if (!options->lock->excludes)
		result_not_judged(result, "there is no lock");
	else if (workers < 2)
		result_not_judged(result, "a single worker races with nobody");
	else if (cpus_usable() < 2)
		result_not_judged(result,
				  "on one CPU bare threads hardly ever meet in the middle of an addition");
	else
		result_judge(result, all_right(result, "lock") &&
			     all_right(result, "atomic") && bare < 1);
}

static int run_arms(const struct options *options, struct result *result,
		    struct job *job)
{
	static const struct arms all = ARMS_OF(arms, run_arm);

	job->workers = options_workers(options, DEFAULT_WORKERS);
	job->each = options->count ? options->count :
				     default_each(options, job);
	for (unsigned int i = 0; i < all.count; i++)
		if (!arms[i].alone)
			result_figure(result, arms[i].name, "of all", "");
	for (unsigned int i = 0; i < all.count; i++)
		if (arms[i].time)
			result_figure(result, arms[i].time, "s", NULL);
	result_detail(result, "workers", json_integer(job->workers));
	result_detail(result, "references_each",
		      json_integer((json_int_t)job->each));
	if (arms_run(options, result, &all, job))
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
	if (!lock_open(&job->lock, options->lock, &options->lock_options)) {
		error = run_arms(options, result, job);
		lock_close(job->lock);
	}
	shared_free(job, sizeof(*job));
	return error;
}

const struct workload workload_refcount = {
	.name = "refcount",
	.doc = "reference counts: under the lock, atomic, and with neither",
	.claims = { {
		"",
		"Reference counts come out right under a global lock and with "
		"atomic operations, and wrong with neither",
	} },
	.baseline = "plain_one_time",
	.manual_only = true,
	.run = run,
};
