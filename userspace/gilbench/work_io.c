// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that mostly wait: for time to pass, for a peer's answer, or for a
 * file to be on disk. If they give the lock up meanwhile, the waits overlap.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

#define DEFAULT_WORKERS 4
#define WORKERS_MAX 1024

#define WAIT_NS (5 * NS_PER_MS)
#define OPS_MIN 8
#define FILE_BLOCK 4096

/* Arms that take as long as one worker alone, and arms that take a share. */
#define LONG_ARMS 4
#define SHORT_ARMS 4

/*
 * When n waits overlap, they take 1/n of the time; half as much again is
 * allowed for starting them and taking turns. Otherwise they take all of it.
 */
#define OVERLAP_SLACK 1.5
#define KEPT_MIN 0.9

enum wait { SLEEP, SOCKET, FILE_SYNC };

struct arm {
	const char *name;
	const char *baseline;
	enum wait wait;
	bool alone;
	bool keep_lock;
	bool no_lock;
};

static const struct arm arms[] = {
	{ "sleep_one", "sleep_one", SLEEP, true, false, false },
	{ "sleep", "sleep_one", SLEEP, false, false, false },
	{ "sleep_kept", "sleep_one", SLEEP, false, true, false },
	{ "socket_one", "socket_one", SOCKET, true, false, false },
	{ "socket", "socket_one", SOCKET, false, false, false },
	{ "file_one", "file_one", FILE_SYNC, true, false, false },
	{ "file", "file_one", FILE_SYNC, false, false, false },
	{ "file_no_lock", "file_one", FILE_SYNC, false, false, true },
};

struct job {
	const struct arm *arm;
	struct lock *lock;
	unsigned int workers;
	/* What each worker does in this arm. */
	uint64_t ops;
	/* What all workers of an arm do together. */
	uint64_t all_ops;
	uint64_t all_file_ops;
	int files[WORKERS_MAX];
	int sockets[WORKERS_MAX][2];
};

static int wait_for_peer(int fd)
{
	char byte = 0;

	if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1)
		return errno ? errno : EPIPE;
	return 0;
}

static int wait_for_file(int fd)
{
	static const char block[FILE_BLOCK];

	if (pwrite(fd, block, sizeof(block), 0) != sizeof(block) ||
	    fdatasync(fd))
		return errno;
	return 0;
}

static int wait_once(struct job *job, unsigned int index)
{
	switch (job->arm->wait) {
	case SOCKET:
		return wait_for_peer(job->sockets[index][0]);
	case FILE_SYNC:
		return wait_for_file(job->files[index]);
	default:
		sleep_ns(WAIT_NS);
		return 0;
	}
}

static int wait_without_lock(struct job *job, unsigned int index)
{
	int error = lock_io_begin(job->lock), failed;

	if (error)
		return error;
	failed = wait_once(job, index);
	error = lock_io_end(job->lock);
	return failed ? failed : error;
}

static int do_ops(struct job *job, unsigned int index)
{
	int error = lock_acquire(job->lock);

	for (uint64_t i = 0; i < job->ops && !error; i++) {
		error = job->arm->keep_lock ? wait_once(job, index) :
					      wait_without_lock(job, index);
		spin(SPIN_SLICE);
	}
	return error ? error : lock_release(job->lock);
}

/* The peer, which never owns the lock, answers each byte after a while. */
static int answer(int fd)
{
	ssize_t n;
	char byte;

	while ((n = recv(fd, &byte, 1, 0)) == 1) {
		sleep_ns(WAIT_NS);
		if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
			return errno;
	}
	return n ? errno : 0;
}

/* The first half of a team are workers, the other half their peers. */
static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;
	int fd;

	if (index >= job->workers) {
		team_name("peer", index - job->workers);
		fd = job->sockets[index - job->workers][1];
		if (team_gate(team, index))
			team_ok(team, index, answer(fd), "answer");
		return;
	}
	team_name("io", index);
	if (!team_attach(team, index, job->lock))
		return;
	team_ok(team, index, do_ops(job, index), "do I/O");
	if (job->arm->wait == SOCKET)
		shutdown(job->sockets[index][0], SHUT_WR);
}

static void close_sockets(struct job *job, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		close(job->sockets[i][0]);
		close(job->sockets[i][1]);
	}
}

static int open_sockets(struct job *job)
{
	for (unsigned int i = 0; i < job->workers; i++) {
		if (!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				job->sockets[i]))
			continue;
		perror("gilbench: socketpair");
		close_sockets(job, i);
		return -1;
	}
	return 0;
}

static int run_team(const struct options *options, struct result *result,
		    struct job *job)
{
	bool peers = job->arm->wait == SOCKET;
	uint64_t elapsed;

	if (peers && open_sockets(job))
		return -1;
	elapsed = team_run(job->workers * (peers ? 2 : 1), options->procs, work,
			   job);
	if (peers)
		close_sockets(job, job->workers);
	if (!elapsed)
		return -1;
	result_sample_ns(result, job->arm->name, (double)elapsed);
	return 0;
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *arg)
{
	const struct arm *arm = row;
	struct job *job = arg;
	int error;

	job->arm = arm;
	job->workers = arm->alone ? 1 : options_workers(options,
							DEFAULT_WORKERS);
	job->ops = (arm->wait == FILE_SYNC ? job->all_file_ops :
					     job->all_ops) / job->workers;
	if (lock_open(&job->lock, arm->no_lock ? &lock_none : options->lock,
		      &options->lock_options))
		return -1;
	error = run_team(options, result, job);
	lock_close(job->lock);
	return error;
}

/* Make a file that goes away when its descriptor is closed. */
static int open_file(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/gilbench.XXXXXX", dir ? dir : ".");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		fprintf(stderr,
			"gilbench: cannot make a file in '%s': %s; set TMPDIR\n",
			dir ? dir : ".", strerror(errno));
	else
		unlink(path);
	return fd;
}

static int open_files(struct job *job, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		job->files[i] = open_file();
		if (job->files[i] >= 0)
			continue;
		while (i--)
			close(job->files[i]);
		return -1;
	}
	return 0;
}

/*
 * How many waits for a file take as long as the other waits, and for which
 * part of that time the worker really was blocked. A file in memory never
 * blocks.
 */
static uint64_t calibrate_file(struct job *job, uint64_t target_ns,
			       double *blocked)
{
	uint64_t start = now_ns(), ns, ops = 0;
	uint64_t cpu = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);

	do {
		if (wait_for_file(job->files[0])) {
			perror("gilbench: write to a file");
			return 0;
		}
		ops++;
		ns = now_ns() - start;
	} while (ops < 3 || (ns < target_ns / 8 && ops < 10000));
	cpu = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	*blocked = cpu < ns ? 1 - (double)cpu / (double)ns : 0;
	return ops * target_ns / ns;
}

static void see(struct result *result, unsigned int workers, bool bound)
{
	double file = result_ratio(result, "file");

	result_seen(result,
		    "%u workers take these parts of one worker's time: asleep %.2f (%.2f %s), at a socket %.2f, at a file %.2f (%.2f without a lock)%s",
		    workers, result_ratio(result, "sleep"),
		    result_ratio(result, "sleep_kept"),
		    bound ? "if they do nothing to give the lock up" :
			    "if they keep the lock",
		    result_ratio(result, "socket"), file,
		    result_ratio(result, "file_no_lock"),
		    file <= 1 ? "" :
		    "; the file hardly blocks, and each release costs a switch");
}

/* Above the level manual no thread can keep the lock while it sleeps. */
static void judge(const struct options *options, struct result *result,
		  unsigned int workers, bool bound)
{
	double sleep = result_ratio(result, "sleep");
	double kept = result_ratio(result, "sleep_kept");
	double socket = result_ratio(result, "socket");
	double limit = OVERLAP_SLACK / workers;

	if (!options->lock->excludes)
		result_not_judged(result, "there is no lock to give up");
	else if (workers < 2)
		result_not_judged(result, "a single worker overlaps with nobody");
	else
		result_judge(result, sleep <= limit && socket <= limit &&
			     (bound || kept >= KEPT_MIN));
}

static int run_arms(const struct options *options, struct result *result,
		    struct job *job, unsigned int workers)
{
	static const struct arms all = ARMS_OF(arms, run_arm);
	uint64_t target = options->count ? options->count * WAIT_NS :
			  options_budget_ns(options) * workers /
			  (LONG_ARMS * workers + SHORT_ARMS);
	uint64_t ops = target / WAIT_NS, file_ops;
	double blocked;

	if (ops < OPS_MIN * workers)
		ops = OPS_MIN * workers;
	file_ops = calibrate_file(job, ops * WAIT_NS, &blocked);
	if (!file_ops)
		return -1;
	if (file_ops < 2 * workers)
		file_ops = 2 * workers;
	for (unsigned int i = 0; i < all.count; i++)
		result_figure(result, arms[i].name, "s", arms[i].baseline);
	job->all_ops = ops;
	job->all_file_ops = file_ops;
	if (arms_run(options, result, &all, job))
		return -1;
	result_detail(result, "workers", json_integer(workers));
	result_detail(result, "operations", json_integer((json_int_t)ops));
	result_detail(result, "file_operations",
		      json_integer((json_int_t)file_ops));
	result_detail(result, "file_blocked", json_real(blocked));
	see(result, workers, options->lock_options.level);
	judge(options, result, workers, options->lock_options.level);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	unsigned int workers = options_workers(options, DEFAULT_WORKERS);
	struct job *job;
	int error = -1;

	if (workers > WORKERS_MAX) {
		fprintf(stderr, "gilbench: io has at most %d workers\n",
			WORKERS_MAX);
		return -1;
	}
	job = shared_alloc(sizeof(*job));
	if (!job)
		return -1;
	if (!open_files(job, workers)) {
		error = run_arms(options, result, job, workers);
		for (unsigned int i = 0; i < workers; i++)
			close(job->files[i]);
	}
	shared_free(job, sizeof(*job));
	return error;
}

const struct workload workload_io = {
	.name = "io",
	.doc = "giving the lock up while waiting for time, a socket and a file",
	.claims = { {
		"",
		"Threads that give the lock up while they wait for I/O "
		"overlap their waits; threads that keep it do not",
	} },
	.baseline = "sleep_one",
	.run = run,
};
