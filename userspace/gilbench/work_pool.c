// SPDX-License-Identifier: GPL-2.0
/*
 * The same tasks, done by a pool of threads on one lock and by a pool of processes
 * with a lock each. Threads find a task's data where it is. To a process the data
 * has to be sent, and the result sent back.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "cpus.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

#define WORKERS 2

/* Sizes of the data of a task: some arguments, and an image, say. */
#define SMALL 256
#define LARGE (256 * 1024)

/* The task of the claim: long enough, on any machine, to be worth its message. */
#define PAYS_MAX_US 50000

struct arm {
	const char *name;
	unsigned int task_us;
	unsigned int tasks;
	size_t size;
	bool processes;
};

#define ARM_PAIR(size_name, us, count, size)			\
	{ size_name ".threads", us, count, size, false },	\
	{ size_name ".processes", us, count, size, true }

static const struct arm arms[] = {
	ARM_PAIR("50us", 50, 64, SMALL),
	ARM_PAIR("200us", 200, 64, SMALL),
	ARM_PAIR("1ms", 1000, 64, SMALL),
	ARM_PAIR("5ms", 5000, 32, SMALL),
	ARM_PAIR("20ms", 20000, 16, SMALL),
	ARM_PAIR("large", 1000, 64, LARGE),
};

struct job {
	const struct options *options;
	const struct arm *arm;
	/* Of all threads; NULL: each process makes a lock of its own. */
	struct lock *lock;
	/* The next task; only the lock's owner reads and changes it. */
	unsigned int next;
	int sockets[WORKERS][2];
};

/* A task's data and result. Threads share it, and each process has its own. */
static unsigned char data[LARGE];

static uint64_t work_of(const struct arm *arm)
{
	return spin_per_ms() * arm->task_us / 1000;
}

/* Read or write all of it. Returns 0, or ENODATA at the end, or another error. */
static int transfer(int fd, size_t size, bool to)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = to ? send(fd, data + done, size - done,
				      MSG_NOSIGNAL) :
				 recv(fd, data + done, size - done, 0);

		if (n <= 0)
			return n ? errno : ENODATA;
		done += (size_t)n;
	}
	return 0;
}

static int transfer_without_lock(struct job *job, struct lock *lock, int fd,
				 bool to)
{
	int error = lock_io_begin(lock), failed;

	if (error)
		return error;
	failed = transfer(fd, job->arm->size, to);
	error = lock_io_end(lock);
	return failed ? failed : error;
}

static int do_shared_tasks(struct job *job)
{
	int error = 0;

	while (job->next < job->arm->tasks && !error) {
		data[job->next % job->arm->size]++;
		job->next++;
		error = spin_locked(job->lock, work_of(job->arm));
	}
	return error;
}

static int do_sent_tasks(struct job *job, struct lock *lock, int fd)
{
	int error = transfer_without_lock(job, lock, fd, false);

	while (!error) {
		data[0]++;
		error = spin_locked(lock, work_of(job->arm));
		if (!error)
			error = transfer_without_lock(job, lock, fd, true);
		if (!error)
			error = transfer_without_lock(job, lock, fd, false);
	}
	return error == ENODATA ? 0 : error;
}

static int do_tasks(struct job *job, struct lock *lock, unsigned int index)
{
	int error = lock_acquire(lock), released;

	if (error)
		return error;
	error = job->arm->processes ?
		do_sent_tasks(job, lock, job->sockets[index][1]) :
		do_shared_tasks(job);
	released = lock_release(lock);
	return error ? error : released;
}

/* A forked process must not keep the ends open that tell others of the end. */
static void close_other_ends(const struct job *job, unsigned int index)
{
	for (unsigned int i = 0; i < WORKERS; i++) {
		close(job->sockets[i][0]);
		if (i != index)
			close(job->sockets[i][1]);
	}
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;
	struct lock *lock = job->lock;
	int error = 0;

	team_name("pool", index);
	cpus_pin(index);
	if (job->arm->processes) {
		close_other_ends(job, index);
		error = job->options->lock->open(&lock,
						 &job->options->lock_options);
	}
	if (!team_ok(team, index, error, "make a lock"))
		return;
	if (team_attach(team, index, lock))
		team_ok(team, index, do_tasks(job, lock, index), "do tasks");
	if (job->arm->processes)
		lock_close(lock);
}

/* Send a task to each process, and the next one when its result has come. */
static int send_tasks(struct job *job)
{
	struct pollfd ends[WORKERS];
	unsigned int sent = 0, results = 0;
	int error = 0;

	for (unsigned int i = 0; i < WORKERS && !error; i++, sent++) {
		ends[i] = (struct pollfd){ job->sockets[i][0], POLLIN, 0 };
		error = transfer(ends[i].fd, job->arm->size, true);
	}
	while (results < job->arm->tasks && !error) {
		if (poll(ends, WORKERS, -1) < 0)
			return errno;
		for (unsigned int i = 0; i < WORKERS && !error; i++) {
			if (!ends[i].revents)
				continue;
			error = transfer(ends[i].fd, job->arm->size, false);
			results++;
			if (!error && sent++ < job->arm->tasks)
				error = transfer(ends[i].fd, job->arm->size,
						 true);
		}
	}
	return error;
}

static int open_sockets(struct job *job)
{
	for (unsigned int i = 0; i < WORKERS; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			       job->sockets[i])) {
			perror("gilbench: socketpair");
			return -1;
		}
	return 0;
}

static void close_sockets(struct job *job, int end)
{
	for (unsigned int i = 0; i < WORKERS; i++)
		close(job->sockets[i][end]);
}

static uint64_t run_processes(struct job *job)
{
	/* A thread pool is this with the word false. */
	const struct team_spec spec = { .size = WORKERS, .processes = true,
					.work = work, .job = job };
	struct team *team;
	uint64_t elapsed;
	int error;

	if (open_sockets(job))
		return 0;
	team = team_start(&spec);
	close_sockets(job, 1);
	if (!team) {
		close_sockets(job, 0);
		return 0;
	}
	team_go(team);
	error = send_tasks(job);
	/* Without more tasks the processes end. */
	close_sockets(job, 0);
	elapsed = team_join(team);
	if (error)
		fprintf(stderr, "gilbench: cannot send a task: error %d\n",
			error);
	return error ? 0 : elapsed;
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *arg)
{
	const struct arm *arm = row;
	struct job *job = arg;
	uint64_t elapsed;

	job->arm = arm;
	job->next = 0;
	job->lock = NULL;
	if (arm->processes) {
		elapsed = run_processes(job);
	} else {
		if (lock_open(&job->lock, options->lock,
			      &options->lock_options))
			return -1;
		elapsed = team_run(WORKERS, false, work, job);
		lock_close(job->lock);
	}
	if (!elapsed)
		return -1;
	result_sample_ns(result, arm->name, (double)elapsed);
	return 0;
}

/* The ratio of a pair: that of processes to threads. */
static double pair_ratio(const struct result *result, unsigned int pair)
{
	return result_median(result, arms[2 * pair + 1].name) /
	       result_median(result, arms[2 * pair].name);
}

/* From which task on, of those that were tried, do processes pay? 0: none. */
static unsigned int pays_from(const struct result *result)
{
	unsigned int pairs = sizeof(arms) / sizeof(*arms) / 2 - 1, from = 0;

	while (pairs-- && pair_ratio(result, pairs) < 1)
		from = arms[2 * pairs].task_us;
	return from;
}

static void judge(const struct options *options, struct result *result)
{
	unsigned int from = pays_from(result);

	if (from)
		result_seen(result,
			    "processes take less time than threads if a task takes %u us or more; with %d KiB of data instead of %d bytes a task of 1 ms takes them %.2f times as long",
			    from, LARGE / 1024, SMALL,
			    result_median(result, "large.processes") /
			    result_median(result, "1ms.processes"));
	else
		result_seen(result, "processes never took less time than threads");
	if (!options->lock->excludes)
		result_not_judged(result, "there is no lock to get around");
	else if (cpus_usable() < 2)
		result_not_judged(result, "with one CPU nothing runs in parallel");
	else
		result_judge(result, from && from <= PAYS_MAX_US);
}

static int run(const struct options *options, struct result *result)
{
	static const struct arms all = ARMS_OF(arms, run_arm);
	struct job *job = shared_alloc(sizeof(*job));
	int error;

	if (!job)
		return -1;
	/* Measure the machine before there are others to share it with. */
	spin_per_ms();
	job->options = options;
	for (unsigned int i = 0; i < all.count; i++)
		result_figure(result, arms[i].name, "s", arms[i & ~1U].name);
	error = arms_run(options, result, &all, job);
	if (!error)
		judge(options, result);
	shared_free(job, sizeof(*job));
	return error;
}

const struct workload workload_pool = {
	.name = "pool",
	.doc = "tasks of 50 us to 20 ms, by pools of threads and of processes",
	.claims = { {
		"",
		"A pool of processes does tasks that compute sooner than a "
		"pool of threads, if a task is worth sending it",
	} },
	.baseline = "1ms.threads",
	.manual_only = true,
	.run = run,
};
