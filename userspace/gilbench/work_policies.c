// SPDX-License-Identifier: GPL-2.0
/*
 * The policies side by side, each on a lock of its own. Measures the latency of
 * an I/O thread alone and beside 1, 4 and 16 threads that compute (hogs), how
 * much time the hogs get, and how evenly threads with short and long holds
 * share the lock.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "sample.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

#define IO_NS NS_PER_MS

/* Size of a row's name. A figure is called POLICY.ROW. */
#define ROW_MAX 15

/* Operations that do not count, because the hogs may not have started yet. */
#define WARM_UP 2
#define OPS 100

/* Do at least this many, however long they take. */
#define OPS_MIN 10

/* How many slices a hog does before it looks at the clock. */
#define HOG_SLICES 100

/* The limit of an arm, in case a policy starves a thread. */
#define PATIENCE_NS (10 * NS_PER_S)

/* Limits of the claims: latency against alone, time of the hogs, fairness. */
#define LATENCY_MAX 1.2
#define LEFT_MIN 0.95
#define JAIN_MIN 0.99

/* Half an interval for each hog, or more, is a convoy. */
#define CONVOY_MIN 0.5

/* An operation that takes longer than this alone shows that timers are late. */
#define ALONE_MAX 1.5

/* The indices of the workload's claims. */
enum { LATENCY, FAIRNESS, CONVOY };

enum { FIFO, CPYTHON, IO_FIRST, FAIR };
static const char *const policies[] = { "fifo", "cpython", "io_first", "fair" };
static const unsigned int hogs[] = { 0, 1, 4, 16 };
static const char *const arm_names[] = { "alone", "1", "4", "16" };
static const uint64_t holds_ns[] = { 100 * NS_PER_US, NS_PER_MS,
				     10 * NS_PER_MS };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define POLICIES COUNT(policies)
#define ARMS COUNT(hogs)
#define MIXED COUNT(holds_ns)
#define WORKERS_MAX (1 + 16)

struct job {
	struct lock *lock;
	uint64_t ops;
	uint64_t done;
	/* When an arm may end if OPS_MIN are done, and when it must end. */
	uint64_t soft_ns;
	uint64_t hard_ns;
	uint64_t started;
	struct gil_thread_stats stats[WORKERS_MAX];
	uint64_t latency_ns[];
};

/* The name of a figure, valid until the next call. */
static const char *cell(unsigned int policy, const char *row)
{
	static char name[RESULT_NAME_MAX];

	snprintf(name, sizeof(name), "%s.%s", policies[policy], row);
	return name;
}

static const char *row(const char *what, unsigned int arm)
{
	static char name[ROW_MAX];

	snprintf(name, sizeof(name), "%.6s_%.5s", what, arm_names[arm]);
	return name;
}

static bool more_ops(const struct job *job)
{
	uint64_t ns = now_ns() - job->started;

	if (job->done >= job->ops || ns > job->hard_ns)
		return false;
	return job->done < OPS_MIN || ns < job->soft_ns;
}

static int do_io(struct job *job)
{
	int error = 0;

	for (int i = 0; i < WARM_UP && !error; i++)
		error = lock_sleep(job->lock, IO_NS, &job->latency_ns[0]);
	while (!error && more_ops(job)) {
		error = lock_sleep(job->lock, IO_NS, &job->latency_ns[job->done]);
		job->done++;
	}
	return error;
}

static int hog(struct team *team, struct job *job)
{
	int error = 0;

	while (!error && !team_stopping(team)) {
		error = spin_locked(job->lock, HOG_SLICES * SPIN_SLICE);
		if (now_ns() - job->started > 2 * job->hard_ns)
			team_stop(team);
	}
	return error;
}

static int own_and(struct team *team, struct job *job, unsigned int index)
{
	int error = lock_acquire(job->lock), released;

	if (error)
		return error;
	error = index ? hog(team, job) : do_io(job);
	if (!index)
		team_stop(team);
	released = lock_release(job->lock);
	return error ? error : released;
}

/* What every worker does before and after it acts. */
static void work(struct team *team, unsigned int index, struct job *job,
		 int (*act)(struct team *, struct job *, unsigned int))
{
	int error;

	if (!team_attach(team, index, job->lock))
		return;
	if (!team_ok(team, index, act(team, job, index), "share the lock"))
		return;
	error = job->lock->ops->thread_stats(job->lock, &job->stats[index]);
	team_ok(team, index, error, "read its statistics");
}

static void io_work(struct team *team, unsigned int index, void *arg)
{
	team_name(index ? "hog" : "io", index ? index - 1 : 0);
	work(team, index, arg, own_and);
}

/* Take the lock again and again, each worker for its own length of time. */
static int hold_often(struct team *team, struct job *job, unsigned int index)
{
	uint64_t count = holds_ns[index] * spin_per_ms() / NS_PER_MS;
	int error = 0, released;

	while (!error && !team_stopping(team)) {
		error = lock_acquire(job->lock);
		if (error)
			return error;
		error = spin_locked(job->lock, count);
		released = lock_release(job->lock);
		if (!error)
			error = released;
		if (now_ns() - job->started > job->soft_ns)
			team_stop(team);
	}
	return error;
}

static void mixed_work(struct team *team, unsigned int index, void *arg)
{
	team_name("holder", index);
	work(team, index, arg, hold_often);
}

static uint64_t run_team(const struct options *options, struct job *job,
			 unsigned int size,
			 void (*worker)(struct team *, unsigned int, void *))
{
	job->done = 0;
	memset(job->stats, 0, sizeof(job->stats));
	job->started = now_ns();
	return team_run(size, options->procs, worker, job);
}

static void sample_io(struct result *result, struct job *job,
		      unsigned int policy, unsigned int arm, uint64_t elapsed)
{
	uint64_t p50 = sample_quantile(job->latency_ns, job->done, 0.5);
	uint64_t p99 = sample_quantile(job->latency_ns, job->done, 0.99);
	double left = (double)elapsed - (double)job->stats[0].counts.hold.total_ns;
	double kept = 0;

	result_sample_ns(result, cell(policy, row("io", arm)), (double)p50);
	result_sample_ns(result, cell(policy, row("p99", arm)), (double)p99);
	if (!hogs[arm])
		return;
	for (unsigned int i = 1; i <= hogs[arm]; i++)
		kept += (double)job->stats[i].counts.hold.total_ns;
	result_sample(result, cell(policy, row("left", arm)), kept / left);
}

static int run_io(const struct options *options, struct result *result,
		  struct job *job, unsigned int policy)
{
	uint64_t elapsed;

	for (unsigned int arm = 0; arm < ARMS; arm++) {
		job->soft_ns = options_budget_ns(options) / 4;
		job->hard_ns = PATIENCE_NS;
		elapsed = run_team(options, job, 1 + hogs[arm], io_work);
		if (!elapsed)
			return -1;
		sample_io(result, job, policy, arm, elapsed);
	}
	return 0;
}

static int run_mix(const struct options *options, struct result *result,
		   struct job *job, unsigned int policy)
{
	double shares[MIXED], worst = 0;

	job->soft_ns = options_budget_ns(options);
	if (job->soft_ns < NS_PER_S / 2)
		job->soft_ns = NS_PER_S / 2;
	if (!run_team(options, job, MIXED, mixed_work))
		return -1;
	for (unsigned int i = 0; i < MIXED; i++) {
		double wait = (double)job->stats[i].counts.wait.max_ns / NS_PER_S;

		shares[i] = (double)job->stats[i].counts.hold.total_ns;
		if (wait > worst)
			worst = wait;
	}
	result_sample(result, cell(policy, "jain"), sample_jain(shares, MIXED));
	result_sample(result, cell(policy, "worst_wait"), worst);
	return 0;
}

static int run_policy(const struct options *options, struct result *result,
		      const void *name, void *arg)
{
	struct lock_options lock_options = options->lock_options;
	unsigned int policy = (unsigned int)((const char *const *)name -
					     policies);
	struct job *job = arg;
	int error;

	lock_options.policy = policies[policy];
	if (lock_open(&job->lock, options->lock, &lock_options))
		return -1;
	error = run_io(options, result, job, policy);
	if (!error)
		error = run_mix(options, result, job, policy);
	lock_close(job->lock);
	return error;
}

static void declare_rows(struct result *result, const char *what,
			 const char *unit, bool ratios)
{
	char alone[RESULT_NAME_MAX];

	for (unsigned int arm = ratios ? 0 : 1; arm < ARMS; arm++) {
		for (unsigned int i = 0; i < POLICIES; i++) {
			snprintf(alone, sizeof(alone), "%s.%s_alone",
				 policies[i], what);
			result_figure(result, cell(i, row(what, arm)), unit,
				      ratios ? alone : "");
		}
	}
}

static void declare_figures(struct result *result)
{
	declare_rows(result, "io", "s", true);
	declare_rows(result, "p99", "s", true);
	declare_rows(result, "left", "", false);
	for (unsigned int i = 0; i < POLICIES; i++)
		result_figure(result, cell(i, "jain"), "", "");
	for (unsigned int i = 0; i < POLICIES; i++)
		result_figure(result, cell(i, "worst_wait"), "s", "");
}

static double latency(const struct result *result, unsigned int policy,
		      unsigned int arm)
{
	return result_ratio(result, cell(policy, row("io", arm)));
}

/* Late timers delay all arms, and hide the differences between them. */
static bool timers_late(struct result *result)
{
	double alone = result_median(result, cell(0, row("io", 0)));

	if (alone * NS_PER_S <= ALONE_MAX * IO_NS)
		return false;
	result_not_judged(result,
			  "a sleep of 1 ms takes %.2f ms alone, so the timers of this machine are too late; use KVM, or a guest with --icount",
			  alone * 1e3);
	return true;
}

static void judge_latency(struct result *result)
{
	bool held = true;
	double left[ARMS];

	result_about(result, LATENCY);
	for (unsigned int arm = 1; arm < ARMS; arm++) {
		left[arm] = result_median(result, cell(FAIR, row("left", arm)));
		held &= latency(result, FAIR, arm) <= LATENCY_MAX &&
			left[arm] >= LEFT_MIN;
	}
	result_seen(result,
		    "with fair, beside 1, 4 and 16 hogs, the I/O thread takes %.2f, %.2f and %.2f of its time alone, and the hogs get %.2f, %.2f and %.2f of the time that it leaves",
		    latency(result, FAIR, 1), latency(result, FAIR, 2),
		    latency(result, FAIR, 3), left[1], left[2], left[3]);
	if (!timers_late(result))
		result_judge(result, held);
}

static void judge_fairness(struct result *result)
{
	double fair = result_median(result, cell(FAIR, "jain"));
	double fifo = result_median(result, cell(FIFO, "jain"));

	result_about(result, FAIRNESS);
	result_seen(result,
		    "Jain's index of the hold times is %.4f with fair and %.4f with fifo",
		    fair, fifo);
	result_judge(result, fair >= JAIN_MIN && fifo < JAIN_MIN);
}

/* The wait beside the most hogs, in intervals for each of them. */
static double convoy(const struct result *result, unsigned int policy,
		     uint64_t interval_ns)
{
	const unsigned int most = ARMS - 1;
	double wait = result_median(result, cell(policy, row("io", most))) -
		      result_median(result, cell(policy, row("io", 0)));

	return wait * NS_PER_S / ((double)interval_ns * hogs[most]);
}

static void judge_convoy(struct result *result, uint64_t interval_ns)
{
	double fifo = convoy(result, FIFO, interval_ns);
	double cpython = convoy(result, CPYTHON, interval_ns);

	result_about(result, CONVOY);
	result_seen(result,
		    "for each of 16 hogs the I/O thread waits %.2f intervals with fifo, %.2f with cpython, %.2f with io_first and %.2f with fair",
		    fifo, cpython, convoy(result, IO_FIRST, interval_ns),
		    convoy(result, FAIR, interval_ns));
	if (interval_ns < IO_NS)
		result_not_judged(result,
				  "the interval is shorter than the sleep, which then hides the convoy");
	else if (!timers_late(result))
		result_judge(result, fifo >= CONVOY_MIN && cpython > 0);
}

static int run_all(const struct options *options, struct result *result,
		   struct job *job)
{
	static const struct arms all = ARMS_OF(policies, run_policy);
	uint64_t interval_ns;
	bool fifo;

	if (lock_inspect(options->lock, &options->lock_options, &interval_ns,
			 &fifo))
		return -1;
	declare_figures(result);
	if (arms_run(options, result, &all, job))
		return -1;
	judge_latency(result);
	judge_fairness(result);
	judge_convoy(result, interval_ns);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	uint64_t ops = options->count ? options->count : OPS;
	struct job *job;
	size_t size;
	int error;

	if (options->lock != &lock_gil) {
		result_not_run(result, "this lock has no policies");
		return 0;
	}
	size = sizeof(*job) + ops * sizeof(uint64_t);
	job = shared_alloc(size);
	if (!job)
		return -1;
	job->ops = ops;
	error = run_all(options, result, job);
	shared_free(job, size);
	return error;
}

const struct workload workload_policies = {
	.name = "policies",
	.doc = "the policies side by side: I/O latency, shares, fairness",
	.claims = {
		[LATENCY] = { "latency",
			"With fair, an I/O thread beside 1, 4 or 16 threads "
			"that compute takes at most 1.2 of its time alone, and "
			"they get the time that it leaves" },
		[FAIRNESS] = { "fairness",
			"With fair, threads that hold the lock for 0.1, 1 and "
			"10 ms own it equally long in total; in arrival order "
			"they do not" },
		[CONVOY] = { "convoy",
			"Without such a policy the I/O thread waits for the "
			"threads that compute; in arrival order at least half "
			"an interval for each" },
	},
	.baseline = "fifo.io_alone",
	.table = true,
	.run = run,
};
