// SPDX-License-Identifier: GPL-2.0
/*
 * The convoy: a thread that sleeps and wakes, beside threads that only compute
 * (hogs). Each time the thread wakes, it waits behind all of them.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "sample.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

#define IO_NS NS_PER_MS

/* How many slices a hog does before it looks at the clock. */
#define HOG_SLICES 100

/* Operations that do not count, because the hogs may not have started yet. */
#define WARM_UP 2

#define OPS_MIN 10
#define OPS_MAX 10000

/*
 * A lock that is not handed over may never come back from a hog. So an arm is
 * cut short when it takes this many times as long as claimed.
 */
#define PATIENCE 4
#define PATIENCE_MIN_NS NS_PER_S

/*
 * Limits of the wait of an operation beside k hogs, in switch intervals per
 * hog. After its short sleep the thread finds k - 1 hogs ahead in the queue, and
 * part of the running hog's interval is over. Half an interval for each hog is
 * certainly a convoy; arrival order does not explain more than one and a half.
 */
#define CONVOY_MIN 0.5
#define CONVOY_MAX 1.5

struct arm {
	const char *name;
	unsigned int hogs;
};

static const struct arm arms[] = {
	{ "alone", 0 },
	{ "1_hog", 1 },
	{ "2_hogs", 2 },
	{ "4_hogs", 4 },
};

#define ARMS (sizeof(arms) / sizeof(*arms))
#define ALL_HOGS (1 + 2 + 4)

/* The latencies of all repetitions, by arm. */
struct kept {
	uint64_t *latency_ns[ARMS];
	uint64_t count[ARMS];
	/* Arms that did not run to the end. */
	unsigned int cut_short;
};

struct job {
	struct lock *lock;
	struct kept kept;
	uint64_t ops;
	/* Operations done in this arm; fewer when it was cut short. */
	uint64_t done;
	uint64_t limit_ns;
	uint64_t latency_ns[];
};

/*
 * An operation that waits when the arm is cut short counts, even during the
 * warm-up, because later operations have no hogs beside them.
 */
static int do_io(struct team *team, struct job *job)
{
	uint64_t start = now_ns();
	int error = lock_acquire(job->lock);

	job->latency_ns[0] = now_ns() - start;
	for (int i = 0; i < WARM_UP && !error && !team_stopping(team); i++)
		error = lock_sleep(job->lock, IO_NS, &job->latency_ns[0]);
	if (team_stopping(team))
		job->done = 1;
	while (!error && job->done < job->ops && !team_stopping(team)) {
		error = lock_sleep(job->lock, IO_NS, &job->latency_ns[job->done]);
		job->done++;
	}
	return error ? error : lock_release(job->lock);
}

static int hog(struct team *team, struct job *job)
{
	uint64_t end = now_ns() + job->limit_ns;
	int error = lock_acquire(job->lock);

	while (!error && !team_stopping(team)) {
		error = spin_locked(job->lock, HOG_SLICES * SPIN_SLICE);
		if (now_ns() > end)
			team_stop(team);
	}
	return error ? error : lock_release(job->lock);
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;

	team_name(index ? "hog" : "io", index ? index - 1 : 0);
	if (!team_attach(team, index, job->lock))
		return;
	if (index) {
		team_ok(team, index, hog(team, job), "compute");
		return;
	}
	team_ok(team, index, do_io(team, job), "do I/O");
	team_stop(team);
}

static uint64_t patience_ns(const struct job *job, const struct arm *arm)
{
	uint64_t each = IO_NS + arm->hogs * lock_interval_ns(job->lock);
	uint64_t ns = PATIENCE * (job->ops + WARM_UP) * each;

	return ns > PATIENCE_MIN_NS ? ns : PATIENCE_MIN_NS;
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *arg)
{
	const struct arm *arm = row;
	struct job *job = arg;
	uint64_t *count = &job->kept.count[arm - arms];

	job->done = 0;
	job->limit_ns = patience_ns(job, arm);
	if (!team_run(1 + arm->hogs, options->procs, work, job))
		return -1;
	memcpy(job->kept.latency_ns[arm - arms] + *count, job->latency_ns,
	       job->done * sizeof(uint64_t));
	*count += job->done;
	if (job->done < job->ops)
		job->kept.cut_short++;
	result_sample_ns(result, arm->name,
			 (double)sample_quantile(job->latency_ns, job->done,
						 0.5));
	return 0;
}

/* How much longer than alone, in intervals per hog. */
static double intervals_per_hog(const struct result *result, unsigned int arm,
				uint64_t interval_ns)
{
	double wait = result_median(result, arms[arm].name) -
		      result_median(result, arms[0].name);

	return wait * NS_PER_S / ((double)interval_ns * arms[arm].hogs);
}

static void judge(const struct options *options, struct result *result,
		  uint64_t interval_ns, bool fifo,
		  unsigned int cut_short)
{
	double per_hog[ARMS];
	bool held = true;

	for (unsigned int i = 1; i < ARMS; i++) {
		per_hog[i] = intervals_per_hog(result, i, interval_ns);
		held &= per_hog[i] >= CONVOY_MIN && per_hog[i] <= CONVOY_MAX;
	}
	result_seen(result,
		    "beside 1, 2 and 4 hogs a sleep of 1 ms takes %.1f, %.1f and %.1f times as long as alone: %.2f, %.2f and %.2f intervals more for each hog%s",
		    result_ratio(result, arms[1].name),
		    result_ratio(result, arms[2].name),
		    result_ratio(result, arms[3].name), per_hog[1], per_hog[2],
		    per_hog[3],
		    cut_short ? " or more, because an arm was cut short" : "");
	if (!options->lock->excludes)
		result_not_judged(result, "there is no lock to wait for");
	else if (!fifo)
		result_not_judged(result,
				  "the claim is about arrival order, which this lock or policy does not promise");
	else if (interval_ns < IO_NS)
		result_not_judged(result,
				  "the interval is shorter than the sleep, which then hides the convoy");
	else
		result_judge(result, held);
}

static void add_tails(struct result *result, const struct kept *kept)
{
	json_t *tails = json_object();

	for (unsigned int i = 0; i < ARMS; i++) {
		uint64_t *all = kept->latency_ns[i], each = kept->count[i];
		double p50 = (double)sample_quantile(all, each, 0.5);
		double p99 = (double)sample_quantile(all, each, 0.99);
		double most = (double)sample_quantile(all, each, 1);
		json_t *tail = json_pack("{s:I, s:f, s:f, s:f}",
					 "operations", (json_int_t)each,
					 "p50_s", p50 / NS_PER_S,
					 "p99_s", p99 / NS_PER_S,
					 "max_s", most / NS_PER_S);

		json_object_set_new(tails, arms[i].name, tail);
	}
	result_detail(result, "latency", tails);
}

/* Fit the budget, if an operation takes as long as claimed in every arm. */
static uint64_t default_ops(const struct options *options, uint64_t interval_ns)
{
	uint64_t each = ARMS * IO_NS + ALL_HOGS * interval_ns;
	uint64_t ops = options_budget_ns(options) / each;

	return ops < OPS_MIN ? OPS_MIN : ops;
}

static int run_arms(const struct options *options, struct result *result,
		    struct job *job)
{
	static const struct arms all = ARMS_OF(arms, run_arm);

	for (unsigned int i = 0; i < ARMS; i++)
		result_figure(result, arms[i].name, "s", NULL);
	if (arms_run(options, result, &all, job))
		return -1;
	add_tails(result, &job->kept);
	judge(options, result, lock_interval_ns(job->lock),
	      lock_fifo(job->lock), job->kept.cut_short);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	uint64_t interval_ns, ops;
	size_t size, kept_size;
	uint64_t *memory;
	struct lock *lock;
	struct job *job;
	int error = -1;

	if (lock_open(&lock, options->lock, &options->lock_options))
		return -1;
	interval_ns = lock_interval_ns(lock);
	ops = options->count ? options->count :
			       default_ops(options, interval_ns);
	if (ops > OPS_MAX)
		ops = OPS_MAX;
	size = sizeof(*job) + ops * sizeof(uint64_t);
	kept_size = ARMS * options->repeat * ops * sizeof(uint64_t);
	job = shared_alloc(size);
	memory = shared_alloc(kept_size);
	if (job && memory) {
		for (unsigned int i = 0; i < ARMS; i++)
			job->kept.latency_ns[i] =
				memory + i * options->repeat * ops;
		job->lock = lock;
		job->ops = ops;
		error = run_arms(options, result, job);
	}
	shared_free(memory, kept_size);
	shared_free(job, size);
	lock_close(lock);
	return error;
}

const struct workload workload_convoy = {
	.name = "convoy",
	.doc = "latency of an I/O thread beside 1, 2 and 4 threads that compute",
	.claims = { {
		"",
		"Beside threads that compute, a thread that comes back from "
		"I/O waits about a switch interval for each of them: the "
		"convoy, which arrival order does not prevent",
	} },
	.baseline = "alone",
	.run = run,
};
