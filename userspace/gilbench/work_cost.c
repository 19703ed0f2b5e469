// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of an operation without contention. In a guest with --icount the
 * clock counts instructions and the figures are exact. Elsewhere they are
 * nanoseconds, and only their ratio says something.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args/missing.h"
#include "clock.h"
#include "mutex.h"
#include "workload.h"

#define TARGET_NS (50 * NS_PER_MS)
#define WARM_UP 1000

/* A clock that counts instructions advances 1 ns per no-op, plus timer ticks. */
#define NOPS 10000
#define NOP_SLACK 0.05

/* What timer interrupts may add to an operation, on average over millions. */
#define INSTRUCTION_SLACK 0.5
#define CHECKPOINT_MAX 4

/* The limit of the ratio to the mutex, when the clock measures time. */
#define TIME_SLACK 1.10

struct arm {
	const char *name;
	const struct lock_ops *ops;
	bool checkpoint;
	struct lock *lock;
	/* How many operations are timed, and the time of one, in ns. */
	uint64_t count;
	double each;
};

/* Private to the process: the cheapest kind of mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int private_pairs(struct lock *lock, uint64_t n)
{
	(void)lock;
	return mutex_pairs(&mutex, n);
}

static const struct lock_ops private_mutex = {
	.name = "pthread_mutex",
	.pairs = private_pairs,
};

static uint64_t timed_nops(void)
{
	uint64_t start = now_ns();

	asm volatile(".rept 10000\n\tnop\n\t.endr");
	return now_ns() - start;
}

/* Take the best of several, because an interrupt can only add to a time. */
static bool clock_counts_instructions(void)
{
	uint64_t best = UINT64_MAX, ns;

	for (int i = 0; i < 10; i++) {
		ns = timed_nops();
		if (ns < best)
			best = ns;
	}
	return fabs((double)best / NOPS - 1) <= NOP_SLACK;
}

/* Nanoseconds for n operations; 0 after saying what failed. */
static uint64_t timed_ops(const struct arm *arm, uint64_t n)
{
	uint64_t start;
	int error = 0;

	if (arm->checkpoint)
		error = lock_acquire(arm->lock);
	start = now_ns();
	if (!error)
		error = arm->checkpoint ? arm->ops->checkpoints(arm->lock, n) :
					  arm->ops->pairs(arm->lock, n);
	start = now_ns() - start;
	if (!error && arm->checkpoint)
		error = lock_release(arm->lock);
	if (!error)
		return start ? start : 1;
	fprintf(stderr, "gilbench: %s: %s\n", arm->name,
		missing_reason(error));
	return 0;
}

/* How many operations take the target time. Also resolves the symbols. */
static uint64_t calibrate(const struct arm *arm)
{
	uint64_t n = WARM_UP, ns = timed_ops(arm, n);

	while (ns && ns < TARGET_NS / 2) {
		n *= 2;
		ns = timed_ops(arm, n);
	}
	return ns ? n : 0;
}

/*
 * Keeps a second thread alive. Otherwise glibc's mutex would skip its atomic
 * instructions, as it does in a program of one thread.
 */
static void *stay(void *arg)
{
	char nothing;
	const int *gate = arg;

	while (read(gate[0], &nothing, 1) < 0 && errno == EINTR)
		;
	return NULL;
}

/* The job is the first arm: the empty loop, which all others contain. */
static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *job)
{
	const struct arm *arm = row;
	struct arm *loop = job;
	uint64_t ns = timed_ops(arm, arm->count);
	double each = (double)ns / (double)arm->count;

	(void)options;
	if (!ns)
		return -1;
	if (arm == loop)
		loop->each = each;
	else
		each -= loop->each;
	result_sample(result, arm->name, each);
	return 0;
}

static int prepare(const struct options *options, struct arm *arm)
{
	arm->count = options->count ? options->count : calibrate(arm);
	return arm->count && timed_ops(arm, WARM_UP) ? 0 : -1;
}

static void judge(const struct options *options, struct result *result,
		  bool instructions)
{
	const char *unit = instructions ? "instructions" : "ns";
	double pair = result_median(result, "pair");
	double peer = result_median(result, "pthread_mutex");
	double checkpoint = result_median(result, "checkpoint");

	result_seen(result,
		    "acquire and release cost %.1f %s, lock and unlock of a pthread mutex %.1f (a ratio of %.2f), and a checkpoint %.1f",
		    pair, unit, peer, pair / peer, checkpoint);
	if (options->lock != &lock_gil)
		result_not_judged(result, "the claim is about --lock gil");
	else if (instructions)
		result_judge(result, pair <= peer + INSTRUCTION_SLACK &&
			     checkpoint <= CHECKPOINT_MAX + INSTRUCTION_SLACK);
	else if (pair <= peer * TIME_SLACK)
		result_judge(result, true);
	else
		result_not_judged(result,
				  "times depend on the CPU; run this in a guest with --icount to count instructions");
}

static int run_beside_thread(const struct options *options,
			     struct result *result, struct lock *lock,
			     struct lock *none)
{
	struct arm arms[] = {
		{ "loop", &lock_none, false, none, 0, 0 },
		{ "pthread_mutex", &private_mutex, false, none, 0, 0 },
		{ "pair", options->lock, false, lock, 0, 0 },
		{ "checkpoint", options->lock, true, lock, 0, 0 },
	};
	const struct arms all = ARMS_OF(arms, run_arm);
	bool instructions = clock_counts_instructions();

	for (unsigned int i = 0; i < all.count; i++) {
		result_figure(result, arms[i].name,
			      instructions ? "instructions" : "ns", NULL);
		if (prepare(options, &arms[i]))
			return -1;
	}
	if (arms_run(options, result, &all, arms))
		return -1;
	result_detail(result, "clock_counts_instructions",
		      json_boolean(instructions));
	judge(options, result, instructions);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	struct lock *lock, *none;
	pthread_t thread;
	int gate[2];
	int error;

	if (lock_open(&none, &lock_none, &options->lock_options) ||
	    lock_open(&lock, options->lock, &options->lock_options))
		return -1;
	if (pipe(gate) || pthread_create(&thread, NULL, stay, gate)) {
		fputs("gilbench: cannot start a second thread\n", stderr);
		lock_close(lock);
		return -1;
	}
	error = run_beside_thread(options, result, lock, none);
	close(gate[1]);
	pthread_join(thread, NULL);
	close(gate[0]);
	lock_close(lock);
	return error;
}

const struct workload workload_cost = {
	.name = "cost",
	.doc = "uncontended acquire and release, and a checkpoint",
	.claims = { {
		"",
		"Uncontended, acquire and release cost no more than a "
		"pthread mutex's lock and unlock, and a checkpoint at most "
		"4 instructions",
	} },
	.baseline = "pthread_mutex",
	.manual_only = true,
	.run = run,
};
