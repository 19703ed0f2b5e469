// SPDX-License-Identifier: GPL-2.0
/*
 * Many waits: as many threads that sleep without the lock, and a single thread
 * with an event loop. The loop waits with epoll for its timers, and for the lock
 * that it needs when a timer has expired: the lock's descriptor polls readable
 * when the lock has been granted.
 */
#include <gil.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "memory.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

#define DEFAULT_WAITS 10000
#define QUICK_WAITS 1000
#define WAIT_NS (100 * NS_PER_MS)

/* Beside so many waits, a thread for each takes more time and memory. */
#define MORE_MIN 1.2

/* Three waits of 2, 1 and 3 of these; they begin in this order. */
#define UNIT_NS (40 * NS_PER_MS)
#define LONGEST 3
#define TOTAL_MAX 1.5

#define EVENTS 64

struct loop {
	gil_t *gil;
	int epoll;
	/* A timer for each wait. */
	int *timers;
	unsigned int waits;
	/* The waits in the order in which their timers expired. */
	unsigned int *expired;
	unsigned int expired_count;
	/* How many of these have had the lock. */
	unsigned int served;
	/* Whether the loop is in the lock's queue. */
	bool queued;
};

static int watch(const struct loop *loop, int fd, unsigned int id)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = id };

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) ? errno : 0;
}

static int start_wait(struct loop *loop, uint64_t ns)
{
	struct itimerspec when = {
		.it_value.tv_sec = (time_t)(ns / NS_PER_S),
		.it_value.tv_nsec = (long)(ns % NS_PER_S),
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd < 0)
		return errno;
	loop->timers[loop->waits++] = fd;
	if (timerfd_settime(fd, 0, &when, NULL))
		return errno;
	return watch(loop, fd, loop->waits - 1);
}

static int loop_open(struct loop *loop, gil_t *gil, unsigned int waits)
{
	/* What else is open, and the two that the loop needs. */
	struct rlimit files = { waits + 64, waits + 64 }, now;

	*loop = (struct loop){ .gil = gil, .epoll = -1 };
	if (!getrlimit(RLIMIT_NOFILE, &now) && now.rlim_cur < files.rlim_cur) {
		if (files.rlim_max < now.rlim_max)
			files.rlim_max = now.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files))
			return EMFILE;
	}
	loop->timers = calloc(waits, sizeof(*loop->timers));
	loop->expired = calloc(waits, sizeof(*loop->expired));
	if (!loop->timers || !loop->expired)
		return ENOMEM;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return errno;
	return watch(loop, gil_fd(gil), waits);
}

static void loop_close(struct loop *loop)
{
	for (unsigned int i = 0; i < loop->waits; i++)
		close(loop->timers[i]);
	if (loop->epoll >= 0)
		close(loop->epoll);
	free(loop->timers);
	free(loop->expired);
}

/* Own the lock, or join its queue. Returns an error number. */
static int ask(struct loop *loop, bool *granted)
{
	int error = gil_enqueue(loop->gil);

	*granted = !error;
	loop->queued = error == EINPROGRESS;
	return loop->queued ? 0 : error;
}

/* As the owner: this is where a program would use what the lock protects. */
static int serve(struct loop *loop)
{
	int error = loop->queued ? gil_wait(loop->gil, NULL) : 0;

	if (error)
		return error;
	loop->queued = false;
	loop->served = loop->expired_count;
	return gil_release(loop->gil);
}

static int loop_turn(struct loop *loop)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(loop->epoll, events, EVENTS, -1), error = 0;
	bool granted = false;
	uint64_t times;

	if (count < 0)
		return errno == EINTR ? 0 : errno;
	for (int i = 0; i < count; i++) {
		unsigned int id = events[i].data.u32;

		if (id >= loop->waits)
			granted = loop->queued;
		else if (read(loop->timers[id], &times, sizeof(times)) > 0)
			loop->expired[loop->expired_count++] = id;
	}
	if (!loop->queued && loop->expired_count > loop->served)
		error = ask(loop, &granted);
	return !error && granted ? serve(loop) : error;
}

static int loop_run(struct loop *loop)
{
	int error = 0;

	while (loop->served < loop->waits && !error)
		error = loop_turn(loop);
	return error;
}

struct job {
	gil_t *gil;
	unsigned int waits;
	/* The kind of arm that a team runs. */
	bool hogs;
};

static int hog(struct team *team, gil_t *gil)
{
	int error = gil_acquire(gil);

	while (!error && !team_stopping(team)) {
		spin(SPIN_SLICE);
		error = gil_checkpoint(gil);
	}
	return error ? error : gil_release(gil);
}

static int wait_once(gil_t *gil)
{
	int error = gil_acquire(gil);

	if (!error)
		error = gil_io_begin(gil);
	if (error)
		return error;
	sleep_ns(WAIT_NS);
	error = gil_io_end(gil);
	return error ? error : gil_release(gil);
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;

	team_name(job->hogs ? "hog" : "wait", index);
	if (!team_ok(team, index, gil_attach(job->gil, NULL), "attach") ||
	    !team_gate(team, index))
		return;
	team_ok(team, index, job->hogs ? hog(team, job->gil) :
					 wait_once(job->gil), "wait");
}

static int complain(int error, const char *doing)
{
	if (error)
		fprintf(stderr, "gilbench: cannot %s: %s\n", doing,
			error == EMFILE ? "the limit of open files is too low; raise ulimit -n" :
					  strerror(error));
	return error ? -1 : 0;
}

static int run_threads(struct result *result, struct job *job)
{
	const struct team_spec spec = { .size = job->waits, .work = work,
					.job = job };
	long left = memory_left_kib();
	uint64_t start = now_ns();
	struct team *team;
	double taken;

	job->hogs = false;
	team = team_start(&spec);
	if (!team)
		return -1;
	taken = memory_taken_kib(left);
	team_go(team);
	if (!team_join(team))
		return -1;
	result_sample_ns(result, "threads", (double)(now_ns() - start));
	result_sample(result, "threads_kib", taken);
	return 0;
}

static int run_loop(struct result *result, struct job *job)
{
	long left = memory_left_kib();
	uint64_t start = now_ns();
	double taken = 1;
	struct loop loop;
	int error = loop_open(&loop, job->gil, job->waits);

	for (unsigned int i = 0; i < job->waits && !error; i++)
		error = start_wait(&loop, WAIT_NS);
	if (!error) {
		taken = memory_taken_kib(left);
		error = loop_run(&loop);
	}
	loop_close(&loop);
	if (complain(error, "run an event loop"))
		return -1;
	result_sample_ns(result, "loop", (double)(now_ns() - start));
	result_sample(result, "loop_kib", taken);
	return 0;
}

/* A, B and C wait for 2, 1 and 3 units while another thread wants the lock too. */
static int three_waits(struct loop *loop, gil_t *gil)
{
	static const unsigned int units[] = { 2, 1, LONGEST };
	int error = loop_open(loop, gil, LONGEST);

	for (unsigned int i = 0; i < LONGEST && !error; i++)
		error = start_wait(loop, units[i] * UNIT_NS);
	return error ? error : loop_run(loop);
}

static int run_order(struct result *result, struct job *job)
{
	const struct team_spec spec = { .size = 1, .work = work, .job = job };
	static const unsigned int wanted[LONGEST] = { 1, 0, 2 };
	struct team *team;
	struct loop loop;
	uint64_t start;
	int error;

	job->hogs = true;
	team = team_start(&spec);
	if (!team)
		return -1;
	team_go(team);
	start = now_ns();
	error = three_waits(&loop, job->gil);
	result_sample(result, "three", (double)(now_ns() - start) /
				       (LONGEST * UNIT_NS));
	result_sample(result, "in_order", !error &&
		      !memcmp(loop.expired, wanted, sizeof(wanted)));
	loop_close(&loop);
	team_stop(team);
	if (!team_join(team))
		return -1;
	return complain(error, "run an event loop");
}

struct arm {
	const char *name;
	int (*run)(struct result *result, struct job *job);
};

static const struct arm arms[] = {
	{ "threads", run_threads },
	{ "loop", run_loop },
	{ "order", run_order },
};

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *job)
{
	const struct arm *arm = row;

	(void)options;
	return arm->run(result, job);
}

static void judge(struct result *result, unsigned int waits)
{
	double time = result_ratio(result, "threads");
	double memory = result_ratio(result, "threads_kib");
	double three = result_median(result, "three");
	double in_order = result_median(result, "in_order");

	result_seen(result,
		    "%u threads took %.2f times as long as an event loop with as many waits, and %.1f times as much memory; waits of 2, 1 and 3 units ended %s after %.2f times the longest",
		    waits, time, memory,
		    in_order < 1 ? "in a wrong order" : "in the order of their length",
		    three);
	result_judge(result, time >= MORE_MIN && memory >= MORE_MIN &&
		     in_order >= 1 && three <= TOTAL_MAX);
}

static int run_arms(const struct options *options, struct result *result,
		    struct job *job)
{
	static const struct arms all = ARMS_OF(arms, run_arm);

	result_figure(result, "loop", "s", NULL);
	result_figure(result, "threads", "s", NULL);
	result_figure(result, "loop_kib", "KiB", "loop_kib");
	result_figure(result, "threads_kib", "KiB", "loop_kib");
	result_figure(result, "three", "of the longest", "");
	result_figure(result, "in_order", "of all", "");
	result_detail(result, "waits", json_integer(job->waits));
	if (arms_run(options, result, &all, job))
		return -1;
	judge(result, job->waits);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	struct gil_options wanted = {
		.interval_ns = options->lock_options.interval_ns,
		.policy = options->lock_options.policy,
	};
	struct job job = {
		.waits = options->count ? (unsigned int)options->count :
			 options_workers(options, options->quick ?
						  QUICK_WAITS : DEFAULT_WAITS),
	};
	int error;

	if (options->lock != &lock_gil) {
		result_not_run(result, "only a /dev/gil lock can be polled");
		return 0;
	}
	error = gil_create(&job.gil, &wanted);
	if (complain(error, "make a lock"))
		return -1;
	error = run_arms(options, result, &job);
	gil_close(job.gil);
	return error;
}

const struct workload workload_loop = {
	.name = "loop",
	.doc = "10,000 waits: a thread for each, or one event loop with epoll",
	.claims = { {
		"",
		"An event loop carries many waits in less time and memory than "
		"a thread for each, and the shortest wait ends first",
	} },
	.baseline = "loop",
	.manual_only = true,
	.run = run,
};
