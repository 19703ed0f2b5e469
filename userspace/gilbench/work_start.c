// SPDX-License-Identifier: GPL-2.0
/*
 * What a worker costs before it has done anything: the time until it has started,
 * attached to the lock and ended again, and the memory that it takes meanwhile.
 */
#include <stdio.h>

#include "clock.h"
#include "memory.h"
#include "team.h"
#include "workload.h"

#define DEFAULT_WORKERS 32

/* Both arms share the rest of the machine, so smaller differences are noise. */
#define MORE_MIN 1.2

struct arm {
	const char *name;
	const char *memory;
	bool processes;
};

static const struct arm arms[] = {
	{ "thread", "thread_kib", false },
	{ "process", "process_kib", true },
};

struct job {
	struct lock *lock;
	unsigned int workers;
};

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;

	team_name("start", index);
	team_attach(team, index, job->lock);
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *arg)
{
	const struct arm *arm = row;
	struct job *job = arg;
	const struct team_spec spec = {
		.size = job->workers,
		.processes = arm->processes,
		.work = work,
		.job = job,
	};
	long before = memory_left_kib();
	uint64_t start, begun, ended;
	double taken;
	struct team *team;

	(void)options;
	start = now_ns();
	team = team_start(&spec);
	if (!team)
		return -1;
	begun = now_ns();
	taken = memory_taken_kib(before);
	ended = now_ns();
	team_go(team);
	if (!team_join(team))
		return -1;
	result_sample_ns(result, arm->name,
			 (double)(begun - start + now_ns() - ended) /
			 job->workers);
	result_sample(result, arm->memory, taken / job->workers);
	return 0;
}

static int run_arms(const struct options *options, struct result *result,
		    struct job *job)
{
	static const struct arms all = ARMS_OF(arms, run_arm);
	double time, memory;

	result_figure(result, "thread", "s", NULL);
	result_figure(result, "process", "s", NULL);
	result_figure(result, "thread_kib", "KiB", "thread_kib");
	result_figure(result, "process_kib", "KiB", "thread_kib");
	result_detail(result, "workers", json_integer(job->workers));
	if (arms_run(options, result, &all, job))
		return -1;
	time = result_ratio(result, "process");
	memory = result_ratio(result, "process_kib");
	result_seen(result,
		    "a process takes %.1f times as long to start and to end as a thread, and %.1f times as much memory",
		    time, memory);
	result_judge(result, time >= MORE_MIN && memory >= MORE_MIN);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	struct job job = {
		.workers = options_workers(options, DEFAULT_WORKERS),
	};
	int error;

	if (lock_open(&job.lock, options->lock, &options->lock_options))
		return -1;
	error = run_arms(options, result, &job);
	lock_close(job.lock);
	return error;
}

const struct workload workload_start = {
	.name = "start",
	.doc = "what it takes to start and to end a thread and a process",
	.claims = { {
		"",
		"A process takes longer to start and to end than a thread, "
		"and more memory",
	} },
	.baseline = "thread",
	.threads_and_procs = true,
	.run = run,
};
