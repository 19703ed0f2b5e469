// SPDX-License-Identifier: GPL-2.0
/*
 * Fetches from real servers on this machine, which answer after a while: pages of
 * a web server, and queries to a database. The environment says where they are,
 * because they are started and stopped by somebody else.
 */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "clock.h"
#include "team.h"
#include "workload.h"

#define DEFAULT_WORKERS 8
#define FETCHES 32
#define QUICK_FETCHES 8

/* As of io, but the server too needs a CPU, which it shares with the workers. */
#define OVERLAP_MAX 0.6

struct server {
	const char *variable;
	const char *request;
	/* What is in each good reply. The server closes the connection after it. */
	const char *reply;
};

static const struct server http = {
	"GILBENCH_HTTP_PORT", "GET /cgi-bin/slow HTTP/1.0\r\n\r\n", " 200 "
};

/* Redis answers that there is no such list, when the time is over. */
static const struct server redis = {
	"GILBENCH_REDIS_PORT", "BLPOP none 0.05\r\nQUIT\r\n", "*-1"
};

struct arm {
	const char *name;
	const char *baseline;
	const struct server *server;
	bool alone;
};

static const struct arm arms[] = {
	{ "http_one", "http_one", &http, true },
	{ "http", "http_one", &http, false },
	{ "redis_one", "redis_one", &redis, true },
	{ "redis", "redis_one", &redis, false },
};

struct job {
	const struct arm *arm;
	struct lock *lock;
	unsigned int workers;
	uint64_t all;
	uint64_t each;
};

static uint16_t port_of(const struct server *server)
{
	const char *text = getenv(server->variable);

	return text ? (uint16_t)strtoul(text, NULL, 10) : 0;
}

static int fetch_without_lock(struct job *job, char *reply)
{
	const struct server *server = job->arm->server;
	int error = lock_io_begin(job->lock), failed;

	if (error)
		return error;
	failed = client_ask(port_of(server), server->request, reply);
	error = lock_io_end(job->lock);
	if (failed || error)
		return failed ? failed : error;
	return strstr(reply, server->reply) ? 0 : EPROTO;
}

static int fetch_all(struct job *job)
{
	int error = lock_acquire(job->lock);
	char reply[CLIENT_REPLY_MAX];

	for (uint64_t i = 0; i < job->each && !error; i++)
		error = fetch_without_lock(job, reply);
	return error ? error : lock_release(job->lock);
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;

	team_name("fetch", index);
	if (team_attach(team, index, job->lock))
		team_ok(team, index, fetch_all(job), "fetch");
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *arg)
{
	const struct arm *arm = row;
	struct job *job = arg;
	unsigned int workers = arm->alone ? 1 : job->workers;
	uint64_t elapsed;

	job->arm = arm;
	job->each = job->all / workers;
	if (lock_open(&job->lock, options->lock, &options->lock_options))
		return -1;
	elapsed = team_run(workers, options->procs, work, job);
	lock_close(job->lock);
	if (!elapsed)
		return -1;
	result_sample_ns(result, arm->name, (double)elapsed);
	return 0;
}

static void judge(const struct options *options, struct result *result,
		  unsigned int workers)
{
	double pages = result_ratio(result, "http");
	double queries = result_ratio(result, "redis");

	result_seen(result,
		    "%u workers take these parts of one worker's time: pages %.2f, queries %.2f",
		    workers, pages, queries);
	if (!options->lock->excludes)
		result_not_judged(result, "there is no lock to give up");
	else if (workers < 4)
		result_not_judged(result, "so few workers gain too little");
	else
		result_judge(result, pages <= OVERLAP_MAX &&
			     queries <= OVERLAP_MAX);
}

static int run(const struct options *options, struct result *result)
{
	static const struct arms all = ARMS_OF(arms, run_arm);
	struct job job = {
		.workers = options_workers(options, DEFAULT_WORKERS),
		.all = options->count ? options->count :
		       options->quick ? QUICK_FETCHES : FETCHES,
	};

	if (!port_of(&http) || !port_of(&redis)) {
		result_not_run(result,
			       "GILBENCH_HTTP_PORT and GILBENCH_REDIS_PORT name no servers");
		return 0;
	}
	if (job.all < job.workers)
		job.all = job.workers;
	for (unsigned int i = 0; i < all.count; i++)
		result_figure(result, arms[i].name, "s", arms[i].baseline);
	result_detail(result, "workers", json_integer(job.workers));
	result_detail(result, "fetches", json_integer((json_int_t)job.all));
	if (arms_run(options, result, &all, &job))
		return -1;
	judge(options, result, job.workers);
	return 0;
}

const struct workload workload_fetch = {
	.name = "fetch",
	.doc = "pages of a web server and queries to a database, on this machine",
	.claims = { {
		"",
		"Threads that give the lock up while a server answers fetch "
		"at the same time",
	} },
	.baseline = "http_one",
	.run = run,
};
