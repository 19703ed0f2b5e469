// SPDX-License-Identifier: GPL-2.0
/*
 * A fixed amount of work, shared out among threads or processes: with one lock
 * for all, with a lock each, and without a lock.
 *
 * Some CPUs are faster than others, above all in a guest. So every worker has
 * a CPU of its own, and the single thread does each share on the CPU where a
 * worker would do it.
 */
#include <stdio.h>

#include "clock.h"
#include "cpus.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

#define DEFAULT_WORKERS 2

/* There are five arms; two of them take about half as long as the others. */
#define ARMS_WEIGHT 4

/*
 * Limits of the ratio to one thread. Two CPUs halve the time of what runs in
 * parallel; one CPU at a time cannot reach three quarters. On one lock nothing
 * may be gained, within a measuring error of 5%, and switching once an interval
 * may cost a quarter at most.
 */
#define PARALLEL_MAX 0.75
#define SERIAL_MIN 0.95
#define SERIAL_MAX 1.25

/* The indices of the workload's claims. */
enum { THREADS, PROCESSES, OWN_LOCKS };

struct job {
	const struct options *options;
	/* How many shares one worker does; count is the size of a share. */
	unsigned int shares;
	/* NULL: each worker makes a lock of its own. */
	struct lock *lock;
	uint64_t count;
};

struct arm {
	const char *name;
	unsigned int workers;
	unsigned int shares;
	bool processes;
	bool own_lock;
	bool no_lock;
};

static int count_down(const struct job *job, struct lock *lock,
		      unsigned int index)
{
	int error = lock_acquire(lock), released;

	if (error)
		return error;
	for (unsigned int i = 0; i < job->shares && !error; i++) {
		cpus_pin(index + i);
		error = spin_locked(lock, job->count);
	}
	released = lock_release(lock);
	return error ? error : released;
}

static void work(struct team *team, unsigned int index, void *arg)
{
	const struct job *job = arg;
	struct lock *lock = job->lock;
	const struct options *options = job->options;
	int error = 0;

	team_name("count", index);
	if (!lock)
		error = options->lock->open(&lock, &options->lock_options);
	if (!team_ok(team, index, error, "make a lock"))
		return;
	cpus_pin(index);
	if (team_attach(team, index, lock))
		team_ok(team, index, count_down(job, lock, index), "count down");
	if (!job->lock)
		lock_close(lock);
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *count)
{
	const struct arm *arm = row;
	struct job job = {
		.options = options,
		.shares = arm->shares,
		.count = *(uint64_t *)count / (arm->workers * arm->shares),
	};
	const struct lock_ops *ops = arm->no_lock ? &lock_none : options->lock;
	uint64_t elapsed;

	if (!arm->own_lock &&
	    lock_open(&job.lock, ops, &options->lock_options))
		return -1;
	elapsed = team_run(arm->workers, arm->processes, work, &job);
	if (job.lock)
		lock_close(job.lock);
	if (!elapsed)
		return -1;
	result_sample_ns(result, arm->name, (double)elapsed);
	return 0;
}

static bool serial(double ratio)
{
	return ratio >= SERIAL_MIN && ratio <= SERIAL_MAX;
}

/* Why this run cannot show anything; NULL: it can. */
static const char *why_not(const struct options *options,
			   const struct result *result, unsigned int workers)
{
	double free = result_ratio(result, "no_lock");
	static char busy[RESULT_TEXT_MAX];

	if (!options->lock->excludes)
		return "there is no lock to test";
	if (workers < 2)
		return "a single worker shares with nobody";
	if (cpus_usable() < 2)
		return "with one CPU nothing runs in parallel, whether there is a lock or not";
	if (free <= PARALLEL_MAX)
		return NULL;
	snprintf(busy, sizeof(busy),
		 "even without a lock the threads took %.2f of one thread's time, so no second CPU was free; try again on an idle machine",
		 free);
	return busy;
}

static void conclude(struct result *result, const char *reason, bool held)
{
	if (reason)
		result_not_judged(result, "%s", reason);
	else
		result_judge(result, held);
}

static void judge(const struct options *options, struct result *result,
		  unsigned int workers)
{
	const char *reason = why_not(options, result, workers);
	double threads = result_ratio(result, "threads");
	double processes = result_ratio(result, "processes");
	double own = result_ratio(result, "own_locks");

	result_about(result, THREADS);
	result_seen(result,
		    "on one lock the threads take %.2f of one thread's time, without a lock %.2f",
		    threads, result_ratio(result, "no_lock"));
	conclude(result, reason, serial(threads));
	result_about(result, PROCESSES);
	result_seen(result, "on one lock the processes take %.2f of one thread's time",
		    processes);
	conclude(result, reason, serial(processes));
	result_about(result, OWN_LOCKS);
	result_seen(result,
		    "with a lock each the processes take %.2f of one thread's time",
		    own);
	conclude(result, reason, own <= PARALLEL_MAX);
}

static uint64_t default_count(const struct options *options)
{
	return options_budget_ns(options) / ARMS_WEIGHT * spin_per_ms() /
	       NS_PER_MS;
}

static int run(const struct options *options, struct result *result)
{
	unsigned int threads =
		options->threads ? options->threads : DEFAULT_WORKERS;
	unsigned int procs = options->procs ? options->procs : DEFAULT_WORKERS;
	const struct arm arms[] = {
		{ .name = "single", .workers = 1, .shares = threads },
		{ .name = "threads", .workers = threads, .shares = 1 },
		{ .name = "processes", .workers = procs, .shares = 1,
		  .processes = true },
		{ .name = "own_locks", .workers = procs, .shares = 1,
		  .processes = true, .own_lock = true },
		{ .name = "no_lock", .workers = threads, .shares = 1,
		  .no_lock = true },
	};
	const struct arms all = ARMS_OF(arms, run_arm);
	uint64_t count = options->count ? options->count :
					  default_count(options);

	for (unsigned int i = 0; i < all.count; i++)
		result_figure(result, arms[i].name, "s", NULL);
	if (arms_run(options, result, &all, &count))
		return -1;
	result_detail(result, "decrements", json_integer((json_int_t)count));
	result_detail(result, "threads", json_integer(threads));
	result_detail(result, "processes", json_integer(procs));
	judge(options, result, threads < procs ? threads : procs);
	return 0;
}

const struct workload workload_countdown = {
	.name = "countdown",
	.doc = "computing: threads and processes on one lock, a lock each, none",
	.claims = {
		[THREADS] = { "threads",
			"Threads that share one lock and only compute are no "
			"faster than one thread" },
		[PROCESSES] = { "processes",
			"Processes that share one lock are no faster either" },
		[OWN_LOCKS] = { "own locks",
			"Processes with a lock each run in parallel" },
	},
	.baseline = "single",
	.threads_and_procs = true,
	.run = run,
};
