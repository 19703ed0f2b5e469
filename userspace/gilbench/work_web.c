// SPDX-License-Identifier: GPL-2.0
/*
 * A web server with two pages: /io waits and /cpu computes. Its workers take
 * requests from one listening socket, as threads on one lock or as processes with a
 * lock each. Clients, which use no lock, ask one request after the other.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "spin.h"
#include "team.h"
#include "workload.h"

#define SERVERS 8
#define CLIENTS 8
#define REQUESTS 64
#define QUICK_REQUESTS 16

#define IO_NS (20 * NS_PER_MS)
#define CPU_MS 10

/* Waits of 8 workers overlap; their computing gains nothing, except in processes. */
#define IO_MAX 0.5
#define CPU_MIN 0.85
#define PROCESSES_MAX 0.75

static const char reply[] = "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

struct arm {
	const char *name;
	const char *baseline;
	const char *request;
	unsigned int servers;
	bool processes;
};

#define IO "GET /io HTTP/1.0\r\n\r\n"
#define CPU "GET /cpu HTTP/1.0\r\n\r\n"

static const struct arm arms[] = {
	{ "io_one", "io_one", IO, 1, false },
	{ "io", "io_one", IO, SERVERS, false },
	{ "cpu_one", "cpu_one", CPU, 1, false },
	{ "cpu", "cpu_one", CPU, SERVERS, false },
	{ "cpu_processes", "cpu_one", CPU, SERVERS, true },
};

struct job {
	const struct options *options;
	const struct arm *arm;
	/* Of all threads; NULL: each process makes a lock of its own. */
	struct lock *lock;
	int listener;
	uint16_t port;
	/* Requests of each client. */
	uint64_t each;
	/* Clients that still ask. */
	atomic_uint asking;
};

/* Without the lock: the next request, or -1 when there will be no more. */
static int next_request(struct job *job, char *text, size_t size)
{
	int fd = accept4(job->listener, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	/* The clients send their short requests at once. */
	n = recv(fd, text, size - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return fd;
}

static int make_page(struct lock *lock, const char *request)
{
	uint64_t took_ns;

	if (!strncmp(request, "GET /io ", 8))
		return lock_sleep(lock, IO_NS, &took_ns);
	return spin_locked(lock, CPU_MS * spin_per_ms());
}

static void send_page(int fd)
{
	/* A client that has gone misses its page and says so itself. */
	(void)!send(fd, reply, sizeof(reply) - 1, MSG_NOSIGNAL);
	close(fd);
}

static int serve(struct job *job, struct lock *lock)
{
	int error = lock_acquire(lock), fd;
	char request[256];

	while (!error) {
		error = lock_io_begin(lock);
		if (error)
			break;
		fd = next_request(job, request, sizeof(request));
		error = lock_io_end(lock);
		if (fd < 0)
			break;
		if (!error)
			error = make_page(lock, request);
		send_page(fd);
	}
	return error ? error : lock_release(lock);
}

static int ask(struct job *job)
{
	char got[CLIENT_REPLY_MAX];
	int error = 0;

	for (uint64_t i = 0; i < job->each && !error; i++) {
		error = client_ask(job->port, job->arm->request, got);
		if (!error && strcmp(got, reply))
			error = EPROTO;
	}
	/* Nothing more is going to come: the servers' accept4() fails. */
	if (atomic_fetch_sub(&job->asking, 1) == 1)
		shutdown(job->listener, SHUT_RDWR);
	return error;
}

static void work_server(struct team *team, unsigned int index, struct job *job)
{
	struct lock *lock = job->lock;
	int error = 0;

	team_name("server", index);
	if (!lock)
		error = job->options->lock->open(&lock,
						 &job->options->lock_options);
	if (!team_ok(team, index, error, "make a lock"))
		return;
	if (team_attach(team, index, lock))
		team_ok(team, index, serve(job, lock), "serve");
	if (!job->lock)
		lock_close(lock);
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;

	if (index < job->arm->servers) {
		work_server(team, index, job);
		return;
	}
	team_name("client", index - job->arm->servers);
	if (team_gate(team, index))
		team_ok(team, index, ask(job), "fetch a page");
}

/* On a port that the kernel chooses, so that it is never in use. */
static int open_listener(struct job *job)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr *address = (struct sockaddr *)(void *)&at;
	socklen_t size = sizeof(at);

	job->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (job->listener < 0)
		return -1;
	if (!bind(job->listener, address, size) &&
	    !listen(job->listener, CLIENTS) &&
	    !getsockname(job->listener, address, &size)) {
		job->port = ntohs(at.sin_port);
		return 0;
	}
	close(job->listener);
	return -1;
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *arg)
{
	const struct arm *arm = row;
	struct job *job = arg;
	uint64_t elapsed;

	job->arm = arm;
	job->lock = NULL;
	atomic_store(&job->asking, CLIENTS);
	if (open_listener(job)) {
		perror("gilbench: a socket that listens");
		return -1;
	}
	if (!arm->processes && lock_open(&job->lock, options->lock,
					 &options->lock_options)) {
		close(job->listener);
		return -1;
	}
	elapsed = team_run(arm->servers + CLIENTS, arm->processes, work, job);
	if (job->lock)
		lock_close(job->lock);
	close(job->listener);
	if (!elapsed)
		return -1;
	result_sample_ns(result, arm->name, (double)elapsed);
	return 0;
}

static void judge(const struct options *options, struct result *result)
{
	double io = result_ratio(result, "io");
	double cpu = result_ratio(result, "cpu");
	double processes = result_ratio(result, "cpu_processes");

	result_seen(result,
		    "with %d threads instead of one the page that waits takes %.2f of the time, and the page that computes %.2f; with processes it takes %.2f",
		    SERVERS, io, cpu, processes);
	if (!options->lock->excludes)
		result_not_judged(result, "there is no lock to wait for");
	else
		result_judge(result, io <= IO_MAX && cpu >= CPU_MIN &&
			     processes <= PROCESSES_MAX);
}

static int run(const struct options *options, struct result *result)
{
	static const struct arms all = ARMS_OF(arms, run_arm);
	uint64_t requests = options->count ? options->count :
			    options->quick ? QUICK_REQUESTS : REQUESTS;
	struct job *job = shared_alloc(sizeof(*job));
	int error;

	if (!job)
		return -1;
	/* Measure the machine before there are others to share it with. */
	spin_per_ms();
	job->options = options;
	job->each = (requests + CLIENTS - 1) / CLIENTS;
	for (unsigned int i = 0; i < all.count; i++)
		result_figure(result, arms[i].name, "s", arms[i].baseline);
	result_detail(result, "requests",
		      json_integer((json_int_t)job->each * CLIENTS));
	error = arms_run(options, result, &all, job);
	if (!error)
		judge(options, result);
	shared_free(job, sizeof(*job));
	return error;
}

const struct workload workload_web = {
	.name = "web",
	.doc = "a web server with a page that waits and a page that computes",
	.claims = { {
		"",
		"Threads serve a page that waits at the same time and a page "
		"that computes no faster, and processes serve that sooner too",
	} },
	.baseline = "io_one",
	.run = run,
};
