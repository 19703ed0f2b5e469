// SPDX-License-Identifier: GPL-2.0
/*
 * Computations by libraries that do not use what the lock protects: SHA-256 by
 * OpenSSL, compression by zlib, and queries to a file by SQLite. Workers give the
 * lock up around each call, as CPython's hashlib, zlib and sqlite3 do, or keep it.
 *
 * The libraries are loaded when they are needed, so that gilbench can be built
 * and run without them.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "cpus.h"
#include "team.h"
#include "workload.h"

#define DEFAULT_WORKERS 2
#define BLOCK (128 * 1024)
#define CALLS_MIN 4

/* Limits as of countdown: two CPUs halve the time, and one cannot. */
#define PARALLEL_MAX 0.75
#define SERIAL_MIN 0.9

/* Of eight arms, three take half the time. */
#define ARMS_WEIGHT 7

typedef unsigned char *hash_fn(const unsigned char *data, size_t size,
			       unsigned char *digest);
typedef int compress_fn(unsigned char *to, unsigned long *to_size,
			const unsigned char *from, unsigned long size);

typedef int sql_open_fn(const char *path, void **db);
typedef int sql_exec_fn(void *db, const char *sql, void *row, void *arg,
			char **error);
typedef int sql_close_fn(void *db);

static hash_fn *sha256;
static compress_fn *compress_block;
static sql_open_fn *sql_open;
static sql_exec_fn *sql_exec;
static sql_close_fn *sql_close;

/* The name of the database, which is read only after it has been made. */
static char database[32];

#define MAKE_TABLE						\
	"CREATE TABLE numbers(n); INSERT INTO numbers "		\
	"WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL "		\
	"SELECT n + 1 FROM r WHERE n < 5000) SELECT n FROM r"
#define QUERY "SELECT sum(n * n % 7) FROM numbers WHERE n % 3"

struct arm {
	const char *name;
	const char *baseline;
	void (*compute)(unsigned char *to);
	bool alone;
	bool keep_lock;
};

struct job {
	struct lock *lock;
	const struct arm *arm;
	uint64_t calls;
};

/* Data that neither is all alike nor cannot be compressed. */
static unsigned char block[BLOCK];

/* zlib wants room for data that cannot be compressed. */
#define ROOM (BLOCK + BLOCK / 100 + 64)

static void hash(unsigned char *to)
{
	sha256(block, BLOCK, to);
}

static void compress_it(unsigned char *to)
{
	unsigned long size = ROOM;

	compress_block(to, &size, block, BLOCK);
}

/* A connection for each query, as each worker must have its own. */
static void query(unsigned char *to)
{
	void *db = NULL;

	(void)to;
	if (!sql_open(database, &db))
		sql_exec(db, QUERY, NULL, NULL, NULL);
	sql_close(db);
}

static const struct arm arms[] = {
	{ "hash_one", "hash_one", hash, true, false },
	{ "hash", "hash_one", hash, false, false },
	{ "hash_kept", "hash_one", hash, false, true },
	{ "compress_one", "compress_one", compress_it, true, false },
	{ "compress", "compress_one", compress_it, false, false },
	{ "compress_kept", "compress_one", compress_it, false, true },
	{ "query_one", "query_one", query, true, false },
	{ "query", "query_one", query, false, false },
};

static int call_once(struct job *job, unsigned char *to)
{
	int error;

	if (job->arm->keep_lock) {
		job->arm->compute(to);
		return lock_checkpoint(job->lock);
	}
	error = lock_io_begin(job->lock);
	if (error)
		return error;
	job->arm->compute(to);
	return lock_io_end(job->lock);
}

static int call_all(struct job *job, unsigned char *to)
{
	int error = lock_acquire(job->lock);

	for (uint64_t i = 0; i < job->calls && !error; i++)
		error = call_once(job, to);
	return error ? error : lock_release(job->lock);
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;
	unsigned char *to = malloc(ROOM);

	team_name("compute", index);
	cpus_pin(index);
	if (team_ok(team, index, to ? 0 : ENOMEM, "prepare") &&
	    team_attach(team, index, job->lock))
		team_ok(team, index, call_all(job, to), "compute");
	free(to);
}

static uint64_t calls_within(const struct arm *arm, uint64_t ns)
{
	unsigned char *to = malloc(ROOM);
	uint64_t start = now_ns(), calls = 0, took;

	if (!to)
		return CALLS_MIN;
	do {
		arm->compute(to);
		calls++;
		took = now_ns() - start;
	} while (took < 20 * NS_PER_MS);
	free(to);
	calls = calls * ns / took;
	return calls < CALLS_MIN ? CALLS_MIN : calls;
}

struct plan {
	unsigned int workers;
	/* Of all workers of an arm together. */
	uint64_t hashes;
	uint64_t compressions;
	uint64_t queries;
};

static uint64_t calls_of(const struct plan *plan, const struct arm *arm)
{
	if (arm->compute == hash)
		return plan->hashes;
	return arm->compute == query ? plan->queries : plan->compressions;
}

static int run_arm(const struct options *options, struct result *result,
		   const void *row, void *arg)
{
	const struct arm *arm = row;
	const struct plan *plan = arg;
	unsigned int workers = arm->alone ? 1 : plan->workers;
	struct job job = {
		.arm = arm,
		.calls = calls_of(plan, arm) / workers,
	};
	uint64_t elapsed;

	if (lock_open(&job.lock, options->lock, &options->lock_options))
		return -1;
	elapsed = team_run(workers, options->procs, work, &job);
	lock_close(job.lock);
	if (!elapsed)
		return -1;
	result_sample_ns(result, arm->name, (double)elapsed);
	return 0;
}

static void judge(const struct options *options, struct result *result,
		  unsigned int workers)
{
	double hash_ratio = result_ratio(result, "hash");
	double compressed = result_ratio(result, "compress");
	double hash_kept = result_ratio(result, "hash_kept");
	double compressed_kept = result_ratio(result, "compress_kept");
	double queried = result_ratio(result, "query");

	result_seen(result,
		    "%u workers take these parts of one worker's time: hashing %.2f (%.2f if they keep the lock), compressing %.2f (%.2f), asking SQLite %.2f",
		    workers, hash_ratio, hash_kept, compressed,
		    compressed_kept, queried);
	if (!options->lock->excludes)
		result_not_judged(result, "there is no lock to give up");
	else if (workers < 2)
		result_not_judged(result, "a single worker shares with nobody");
	else if (cpus_usable() < 2)
		result_not_judged(result, "with one CPU nothing runs in parallel");
	else
		result_judge(result, hash_ratio <= PARALLEL_MAX &&
			     compressed <= PARALLEL_MAX &&
			     queried <= PARALLEL_MAX &&
			     hash_kept >= SERIAL_MIN &&
			     compressed_kept >= SERIAL_MIN);
}

/* The address of a function of a library; NULL if there is none. */
static void *function(const char *library, const char *name)
{
	void *handle = dlopen(library, RTLD_NOW);

	return handle ? dlsym(handle, name) : NULL;
}

static bool load_libraries(void)
{
	sha256 = (hash_fn *)function("libcrypto.so.3", "SHA256");
	compress_block = (compress_fn *)function("libz.so.1", "compress");
	sql_open = (sql_open_fn *)function("libsqlite3.so.0", "sqlite3_open");
	sql_exec = (sql_exec_fn *)function("libsqlite3.so.0", "sqlite3_exec");
	sql_close = (sql_close_fn *)function("libsqlite3.so.0", "sqlite3_close");
	return sha256 && compress_block && sql_open && sql_exec && sql_close;
}

static int make_database(void)
{
	void *db = NULL;
	int fd, failed;

	snprintf(database, sizeof(database), "/tmp/gilbench.XXXXXX");
	fd = mkstemp(database);
	if (fd < 0) {
		perror("gilbench: a file in /tmp");
		return -1;
	}
	close(fd);
	failed = sql_open(database, &db) ||
		 sql_exec(db, MAKE_TABLE, NULL, NULL, NULL);
	sql_close(db);
	if (failed) {
		fprintf(stderr, "gilbench: SQLite cannot make a table in %s; make room there\n",
			database);
		unlink(database);
		return -1;
	}
	return 0;
}

static uint64_t calls_for(const struct options *options, const struct plan *plan,
			  const struct arm *arm)
{
	uint64_t ns = options_budget_ns(options) / ARMS_WEIGHT;
	uint64_t calls = options->count ? options->count :
					  calls_within(arm, ns);

	return calls < CALLS_MIN * plan->workers ? CALLS_MIN * plan->workers :
						   calls;
}

static int run_arms(const struct options *options, struct result *result,
		    struct plan *plan)
{
	static const struct arms all = ARMS_OF(arms, run_arm);

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = (unsigned char)((i * i >> 7) ^ (i & 15));
	plan->hashes = calls_for(options, plan, &arms[0]);
	plan->compressions = calls_for(options, plan, &arms[3]);
	plan->queries = calls_for(options, plan, &arms[6]);
	for (unsigned int i = 0; i < all.count; i++)
		result_figure(result, arms[i].name, "s", arms[i].baseline);
	result_detail(result, "workers", json_integer(plan->workers));
	result_detail(result, "hashes",
		      json_integer((json_int_t)plan->hashes));
	result_detail(result, "compressions",
		      json_integer((json_int_t)plan->compressions));
	result_detail(result, "queries",
		      json_integer((json_int_t)plan->queries));
	if (arms_run(options, result, &all, plan))
		return -1;
	judge(options, result, plan->workers);
	return 0;
}

static int run(const struct options *options, struct result *result)
{
	struct plan plan = {
		.workers = options_workers(options, DEFAULT_WORKERS),
	};
	int error;

	if (!load_libraries()) {
		result_not_run(result,
			       "libcrypto.so.3, libz.so.1 and libsqlite3.so.0 are not all here");
		return 0;
	}
	if (make_database())
		return -1;
	error = run_arms(options, result, &plan);
	unlink(database);
	return error;
}

const struct workload workload_release = {
	.name = "release",
	.doc = "hashing, compressing and SQLite, with the lock given up or kept",
	.claims = { {
		"",
		"Threads that give the lock up while a library computes run "
		"in parallel; threads that keep it do not",
	} },
	.baseline = "hash_one",
	.manual_only = true,
	.run = run,
};
