// SPDX-License-Identifier: GPL-2.0
/*
 * An event, a semaphore of 3, a barrier of 4 and a bounded queue, built on the
 * lock: only the owner reads or changes their state, and who has to wait gives
 * the lock up meanwhile. Each is used by several workers, and what it promises
 * is checked.
 */
#include <limits.h>
#include <stdio.h>

#include "clock.h"
#include "futex.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

#define WORKERS 8
#define INSIDE_MAX 3
#define PARTIES 4
#define PRODUCERS (WORKERS / 2)
#define QUEUE_SIZE 4
#define DEFAULT_ROUNDS 100
#define QUICK_ROUNDS 20

/* Waiters sleep until the number changes; the lock's owner changes it. */
struct waitpoint {
	atomic_uint changes;
};

/* Call as the owner, and check afterwards what was waited for. */
static int wait_change(struct lock *lock, struct waitpoint *point)
{
	unsigned int before = atomic_load(&point->changes);
	int error = lock_io_begin(lock);

	if (error)
		return error;
	futex_wait(&point->changes, before);
	return lock_io_end(lock);
}

static void change(struct waitpoint *point)
{
	atomic_fetch_add(&point->changes, 1);
	futex_wake(&point->changes, INT_MAX);
}

struct queue {
	struct waitpoint changed;
	unsigned int used;
	unsigned int first;
	struct item {
		unsigned int producer;
		uint64_t number;
	} items[QUEUE_SIZE];
};

struct job {
	const struct arm *arm;
	struct lock *lock;
	uint64_t rounds;
	/* The lock's owner alone uses all that follows. */
	struct waitpoint changed;
	bool set;
	unsigned int inside;
	unsigned int arrived;
	uint64_t generation;
	uint64_t done[WORKERS];
	struct queue queue;
	uint64_t taken;
	uint64_t next[PRODUCERS];
	/* What is found. */
	uint64_t wrong;
	unsigned int most;
};

struct arm {
	const char *name;
	unsigned int workers;
	int (*work)(struct job *job, unsigned int index);
};

static void note_most(struct job *job, unsigned int number)
{
	if (number > job->most)
		job->most = number;
}

/* The last worker sets the event, and nobody may come by before that. */
static int use_event(struct job *job, unsigned int index)
{
	uint64_t took_ns;
	int error = 0;

	if (index == WORKERS - 1) {
		error = lock_sleep(job->lock, 2 * NS_PER_MS, &took_ns);
		job->set = true;
		change(&job->changed);
		return error;
	}
	while (!job->set && !error)
		error = wait_change(job->lock, &job->changed);
	job->wrong += !job->set;
	return error;
}

static int use_semaphore(struct job *job, unsigned int index)
{
	uint64_t took_ns;
	int error = 0;

	(void)index;
	for (uint64_t i = 0; i < job->rounds && !error; i++) {
		while (job->inside == INSIDE_MAX && !error)
			error = wait_change(job->lock, &job->changed);
		job->inside++;
		note_most(job, job->inside);
		if (!error)
			error = lock_sleep(job->lock, 200 * NS_PER_US,
					   &took_ns);
		job->inside--;
		change(&job->changed);
	}
	return error;
}

static int pass_barrier(struct job *job)
{
	uint64_t generation = job->generation;
	int error = 0;

	if (++job->arrived == PARTIES) {
		job->arrived = 0;
		job->generation++;
		change(&job->changed);
	}
	while (generation == job->generation && !error)
		error = wait_change(job->lock, &job->changed);
	return error;
}

/* Nobody may be past the barrier of a round before all have come to it. */
static int use_barrier(struct job *job, unsigned int index)
{
	int error = 0;

	for (uint64_t i = 1; i <= job->rounds && !error; i++) {
		error = spin_locked(job->lock, (uint64_t)index * SPIN_SLICE);
		job->done[index] = i;
		if (!error)
			error = pass_barrier(job);
		for (unsigned int j = 0; j < PARTIES; j++)
			job->wrong += job->done[j] < i;
	}
	return error;
}

static int put(struct job *job, unsigned int producer, uint64_t number)
{
	struct queue *queue = &job->queue;
	struct item *item;
	int error = 0;

	while (queue->used == QUEUE_SIZE && !error)
		error = wait_change(job->lock, &queue->changed);
	if (error)
		return error;
	item = &queue->items[(queue->first + queue->used) % QUEUE_SIZE];
	item->producer = producer;
	item->number = number;
	note_most(job, ++queue->used);
	change(&queue->changed);
	return 0;
}

/* Every item comes once, and those of a producer in their order. */
static void take(struct job *job)
{
	struct queue *queue = &job->queue;
	const struct item *item = &queue->items[queue->first];

	job->wrong += item->number != job->next[item->producer];
	job->next[item->producer] = item->number + 1;
	queue->first = (queue->first + 1) % QUEUE_SIZE;
	queue->used--;
	job->taken++;
	change(&queue->changed);
}

static int use_queue(struct job *job, unsigned int index)
{
	int error = 0;

	for (uint64_t i = 0; i < job->rounds && !error && index < PRODUCERS; i++)
		error = put(job, index, i);
	if (index < PRODUCERS)
		return error;
	while (job->taken < PRODUCERS * job->rounds && !error) {
		if (job->queue.used)
			take(job);
		else
			error = wait_change(job->lock, &job->queue.changed);
	}
	return error;
}

static const struct arm arms[] = {
	{ "event_early", WORKERS, use_event },
	{ "semaphore_most", WORKERS, use_semaphore },
	{ "barrier_early", PARTIES, use_barrier },
	{ "queue_wrong", WORKERS, use_queue },
};

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;
	int error, released;

	team_name("user", index);
	if (!team_attach(team, index, job->lock))
		return;
	error = lock_acquire(job->lock);
	if (error) {
		team_ok(team, index, error, "acquire");
		return;
	}
	error = job->arm->work(job, index);
	released = lock_release(job->lock);
	team_ok(team, index, error ? error : released, job->arm->name);
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *arg)
{
	const struct arm *arm = row;
	struct job *job = arg;
	struct lock *lock = job->lock;
	uint64_t rounds = job->rounds;
	bool queue = arm->work == use_queue;

	*job = (struct job){ .arm = arm, .lock = lock, .rounds = rounds };
	if (!team_run(arm->workers, options->procs, work, job))
		return -1;
	if (arm->work == use_semaphore) {
		result_sample(result, arm->name, job->most);
		return 0;
	}
	/* What is still in the queue, or never came, is wrong too. */
	if (queue)
		job->wrong += job->queue.used +
			      (PRODUCERS * rounds - job->taken);
	result_sample(result, arm->name, (double)job->wrong);
	if (queue)
		result_sample(result, "queue_most", job->most);
	return 0;
}

/* A promise that is broken once is broken, whatever the median is. */
static double worst(const struct result *result, const char *name)
{
	size_t count;
	const double *samples = result_samples(result, name, &count);
	double most = 0;

	for (size_t i = 0; i < count; i++)
		most = samples[i] > most ? samples[i] : most;
	return most;
}

static void judge(struct result *result)
{
	double event = worst(result, "event_early");
	double inside = worst(result, "semaphore_most");
	double barrier = worst(result, "barrier_early");
	double wrong = worst(result, "queue_wrong");
	double most = worst(result, "queue_most");

	result_seen(result,
		    "%g workers passed the event early; at most %g were inside the semaphore; %g were past the barrier early; %g items of the queue came wrong, and it held at most %g",
		    event, inside, barrier, wrong, most);
	result_judge(result, event + barrier + wrong <= 0 &&
		     inside <= INSIDE_MAX && most <= QUEUE_SIZE);
}

static int run_arms(const struct options *options, struct result *result,
		    struct job *job)
{
	static const struct arms all = ARMS_OF(arms, run_arm);

	job->rounds = options->count ? options->count :
		      options->quick ? QUICK_ROUNDS : DEFAULT_ROUNDS;
	for (unsigned int i = 0; i < all.count; i++)
		result_figure(result, arms[i].name, "", "");
	result_figure(result, "queue_most", "", "");
	result_detail(result, "rounds", json_integer((json_int_t)job->rounds));
	if (arms_run(options, result, &all, job))
		return -1;
	judge(result);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	struct job *job;
	int error = -1;

	if (!options->lock->excludes) {
		result_not_run(result, "without a lock they would not work");
		return 0;
	}
	job = shared_alloc(sizeof(*job));
	if (!job)
		return -1;
	if (!lock_open(&job->lock, options->lock, &options->lock_options)) {
		error = run_arms(options, result, job);
		lock_close(job->lock);
	}
	shared_free(job, sizeof(*job));
	return error;
}

const struct workload workload_sync = {
	.name = "sync",
	.doc = "an event, a semaphore, a barrier and a queue, built on the lock",
	.claims = { {
		"",
		"An event, a semaphore, a barrier and a bounded queue can be "
		"built on the lock, and keep what they promise",
	} },
	.baseline = "",
	.manual_only = true,
	.run = run,
};
