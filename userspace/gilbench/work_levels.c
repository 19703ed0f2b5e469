// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to be bound to a lock: threads that compute, threads that
 * sleep, and system calls, each compared with unbound threads.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "cpus.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

/* Compute for as long as the longest queue takes for this many rounds. */
#define COMPUTE_ROUNDS 3
#define MOST_THREADS 64

#define SLEEPERS 8
#define SLEEPS 40
#define SLEEP_NS (5 * NS_PER_MS)

#define CALLS 200000
#define ROUND_TRIPS 2000

/* The limits of the ratios to unbound threads. */
#define COMPUTE_MAX 1.02
#define SLEEP_MAX 1.05
#define CALL_MAX 1.05

/* The indices of the workload's claims. */
enum { COMPUTING, SLEEPING, CALLING };

struct job {
	struct lock *lock;
	unsigned int shares;
	uint64_t count;
	/* What the first worker measured; 0: the time of the team counts. */
	uint64_t ns;
	int to_peer[2];
	int from_peer[2];
};

struct arm {
	const char *name;
	const char *baseline;
	bool bound;
	unsigned int workers;
	int (*work)(struct job *job, unsigned int index);
};

static int compute(struct job *job, unsigned int index)
{
	int error = 0;

	for (unsigned int i = 0; i < job->shares && !error; i++) {
		cpus_pin(index + i);
		error = spin_locked(job->lock, job->count);
	}
	return error;
}

static int sleep_often(struct job *job, unsigned int index)
{
	(void)index;
	for (uint64_t i = 0; i < job->count; i++) {
		sleep_ns(SLEEP_NS);
		spin(SPIN_SLICE);
	}
	return 0;
}

static int call(struct job *job, unsigned int index)
{
	uint64_t start = now_ns();

	(void)index;
	for (uint64_t i = 0; i < job->count; i++)
		syscall(SYS_getppid);
	job->ns = now_ns() - start;
	return 0;
}

/* Read a byte from one end and write it to another. */
static bool relay(int from, int to)
{
	char byte;

	return read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1;
}

/* The second worker is the peer, which never has the lock. */
static int ping(struct job *job, unsigned int index)
{
	uint64_t start = now_ns();
	bool ok = true;
	char byte = 0;

	if (index) {
		for (uint64_t i = 0; i < job->count && ok; i++)
			ok = relay(job->to_peer[0], job->from_peer[1]);
		return ok ? 0 : EPIPE;
	}
	for (uint64_t i = 0; i < job->count && ok; i++)
		ok = write(job->to_peer[1], &byte, 1) == 1 &&
		     read(job->from_peer[0], &byte, 1) == 1;
	job->ns = now_ns() - start;
	return ok ? 0 : EPIPE;
}

static const struct arm arms[] = {
	{ "one", "one", false, 1, compute },
	{ "bound_2", "one", true, 2, compute },
	{ "bound_8", "one", true, 8, compute },
	{ "bound_64", "one", true, MOST_THREADS, compute },
	{ "sleepers", "sleepers", false, SLEEPERS, sleep_often },
	{ "sleepers_bound", "sleepers", true, SLEEPERS, sleep_often },
	{ "call", "call", false, 1, call },
	{ "call_bound", "call", true, 1, call },
	{ "pipe", "pipe", false, 2, ping },
	{ "pipe_bound", "pipe", true, 2, ping },
};

struct arm_run {
	const struct arm *arm;
	struct job job;
};

static void work(struct team *team, unsigned int index, void *arg)
{
	struct arm_run *run = arg;
	struct job *job = &run->job;
	bool peer = run->arm->work == ping && index;
	int error, released;

	team_name(peer ? "peer" : "worker", index);
	cpus_pin(index);
	if (!team_attach(team, index, job->lock))
		return;
	error = peer ? 0 : lock_acquire(job->lock);
	if (!team_ok(team, index, error, "acquire"))
		return;
	error = run->arm->work(job, index);
	released = peer ? 0 : lock_release(job->lock);
	team_ok(team, index, error ? error : released, run->arm->name);
}

static uint64_t count_for(const struct options *options, const struct arm *arm,
			  uint64_t interval_ns)
{
	uint64_t ns = COMPUTE_ROUNDS * MOST_THREADS * interval_ns;

	if (arm->work == compute) {
		if (options->quick)
			ns /= COMPUTE_ROUNDS;
		return ns * spin_per_ms() / NS_PER_MS;
	}
	if (arm->work == sleep_often)
		return SLEEPS;
	return arm->work == call ? CALLS : ROUND_TRIPS;
}

static int run_team(struct arm_run *run, struct result *result)
{
	uint64_t elapsed = team_run(run->arm->workers, false, work, run);

	if (!elapsed)
		return -1;
	result_sample_ns(result, run->arm->name,
			 (double)(run->job.ns ? run->job.ns : elapsed));
	return 0;
}

static int run_with_pipes(struct arm_run *run, struct result *result)
{
	struct job *job = &run->job;
	int error;

	if (pipe(job->to_peer))
		goto fail;
	if (pipe(job->from_peer))
		goto fail_to;
	error = run_team(run, result);
	for (int i = 0; i < 2; i++) {
		close(job->to_peer[i]);
		close(job->from_peer[i]);
	}
	return error;

fail_to:
	close(job->to_peer[0]);
	close(job->to_peer[1]);
fail:
	perror("gilbench: pipe");
	return -1;
}

/* The unbound thread uses each CPU in turn, because the bound ones use all. */
static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *interval_ns)
{
	const struct arm *arm = row;
	struct lock_options lock_options = options->lock_options;
	struct arm_run run = { .arm = arm };
	int error;

	if (!lock_options.level)
		lock_options.level = LEVEL_ENFORCED;
	run.job.count = count_for(options, arm, *(uint64_t *)interval_ns);
	run.job.shares = 1;
	if (arm->work == compute) {
		run.job.shares = arm->bound ? 1 : cpus_usable();
		run.job.count /= run.job.shares * arm->workers;
	}
	if (lock_open(&run.job.lock, arm->bound ? &lock_gil : &lock_none,
		      &lock_options))
		return -1;
	error = arm->work == ping ? run_with_pipes(&run, result) :
				    run_team(&run, result);
	lock_close(run.job.lock);
	return error;
}

/*
 * Judge the ratio of a bound figure to the unbound one. If it is over the limit
 * while the unbound figure itself moves by as much, this shows nothing.
 */
static void judge(struct result *result, const char *baseline, double ratio,
		  double limit)
{
	double spread = result_spread(result, baseline);

	if (ratio <= limit)
		result_judge(result, true);
	else if (isnan(spread))
		result_not_judged(result,
				  "one sample does not show how steady this machine is; see --repeat");
	else if (spread > limit - 1)
		result_not_judged(result,
				  "the times of the unbound threads differ by %.1f%%, too much to see %.0f%%; try an idle machine, or a guest with --icount",
				  spread * 100, (limit - 1) * 100);
	else
		result_judge(result, false);
}

static void judge_computing(struct result *result)
{
	double few = result_ratio(result, "bound_2");
	double some = result_ratio(result, "bound_8");
	double many = result_ratio(result, "bound_64");

	result_about(result, COMPUTING);
	result_seen(result,
		    "2, 8 and 64 bound threads take %.3f, %.3f and %.3f of the time of one unbound thread",
		    few, some, many);
	judge(result, "one", fmax(few, fmax(some, many)), COMPUTE_MAX);
}

static void judge_sleeping(struct result *result)
{
	double ratio = result_ratio(result, "sleepers_bound");

	result_about(result, SLEEPING);
	result_seen(result, "%d bound sleepers take %.3f of the time of unbound ones",
		    SLEEPERS, ratio);
	judge(result, "sleepers", ratio, SLEEP_MAX);
}

static void judge_calling(struct result *result)
{
	double ratio = result_ratio(result, "call_bound");

	result_about(result, CALLING);
	result_seen(result,
		    "bound, getppid() takes %.3f of its time unbound, and a round trip through pipes, which blocks, takes %.3f",
		    ratio, result_ratio(result, "pipe_bound"));
	judge(result, "call", ratio, CALL_MAX);
}

static int run(const struct options *options, struct result *result)
{
	static const struct arms all = ARMS_OF(arms, run_arm);
	uint64_t interval_ns;
	bool fifo;

	if (options->lock != &lock_gil) {
		result_not_run(result, "no thread can be bound to this lock");
		return 0;
	}
	if (lock_inspect(options->lock, &options->lock_options, &interval_ns,
			 &fifo))
		return -1;
	for (unsigned int i = 0; i < all.count; i++)
		result_figure(result, arms[i].name, "s", arms[i].baseline);
	if (arms_run(options, result, &all, &interval_ns))
		return -1;
	judge_computing(result);
	judge_sleeping(result);
	judge_calling(result);
	return 0;
}

const struct workload workload_levels = {
	.name = "levels",
	.doc = "what being bound costs: computing, sleeping, system calls",
	.claims = {
		[COMPUTING] = { "computing",
			"Bound threads that compute take at most 2% longer "
			"than one unbound thread" },
		[SLEEPING] = { "sleeping",
			"Bound threads that sleep take at most 5% longer than "
			"unbound ones" },
		[CALLING] = { "calling",
			"A system call that does not block costs a bound "
			"thread at most 5% more without contention" },
	},
	.baseline = "one",
	.run = run,
};
