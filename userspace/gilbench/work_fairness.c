// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that want the lock all the time: how evenly they get it, and how long
 * the longest wait was.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "sample.h"
#include "spin.h"
#include "team.h"
#include "watchdog.h"
#include "workload.h"

#define DEFAULT_WORKERS 4
#define TURNS_MIN 10

/*
 * In arrival order, threads that always want the lock have it in turn. One may
 * be a turn behind at the end, and one may start late. Hold times follow the
 * turns, except when timers are late; the index is 0.95 if one of 4 threads
 * gets half as much again as the others.
 */
#define TURNS_APART_MAX 2
#define JAIN_MIN 0.95

/*
 * An owner yields at the first checkpoint after its interval, so a turn lasts
 * an interval and a slice. Three of four turns may be at most a tenth longer.
 * The fourth is allowed because the machine may be late with the timer or take
 * the CPU away; under emulation every tenth timer was a tick late.
 */
#define TURN_QUANTILE 0.75
#define TURN_MAX 1.10

#define TURNS_KEPT 4096

struct record {
	uint64_t hold_ns;
	uint64_t work;
	uint64_t worst_wait_ns;
	uint64_t worst_slice_ns;
	uint64_t turns;
	uint64_t turn_ns[TURNS_KEPT];
};

struct job {
	struct lock *lock;
	uint64_t duration_ns;
	/* The last owner; only the owner writes it. */
	atomic_uint owner;
	struct record records[];
};

static void turn_ended(struct record *record, uint64_t ns)
{
	record->hold_ns += ns;
	if (record->turns < TURNS_KEPT)
		record->turn_ns[record->turns] = ns;
	record->turns++;
}

static void waited(struct record *record, uint64_t ns)
{
	if (ns > record->worst_wait_ns)
		record->worst_wait_ns = ns;
}

/* The calling thread's turn as the owner. */
struct turn {
	uint64_t since;
	/* The end of the last slice. */
	uint64_t before;
};

/*
 * Do one slice of work. At the level enforced the kernel may take the lock away
 * in the middle of the slice. Then the turn is counted to the beginning of the
 * slice, and the rest as the wait. Otherwise a turn ends at a checkpoint.
 */
static int do_slice(struct job *job, unsigned int index, struct turn *turn)
{
	struct record *record = &job->records[index];
	uint64_t now, ended;
	bool forced;
	int error;

	spin(SPIN_SLICE);
	record->work += SPIN_SLICE;
	now = now_ns();
	forced = atomic_exchange(&job->owner, index) != index;
	if (!forced && now - turn->before > record->worst_slice_ns)
		record->worst_slice_ns = now - turn->before;
	ended = forced ? turn->before : now;
	error = lock_checkpoint(job->lock);
	turn->before = now;
	if (error || (!forced && atomic_load(&job->owner) == index))
		return error;
	turn_ended(record, ended - turn->since);
	atomic_store(&job->owner, index);
	turn->since = now_ns();
	turn->before = turn->since;
	waited(record, turn->since - ended);
	return 0;
}

/* Own the lock as often as possible until the time is over. */
static int contend(struct job *job, unsigned int index, uint64_t start)
{
	struct record *record = &job->records[index];
	struct turn turn;
	int error = lock_acquire(job->lock);

	if (error)
		return error;
	turn.since = now_ns();
	turn.before = turn.since;
	waited(record, turn.since - start);
	atomic_store(&job->owner, index);
	while (!error && turn.before - start < job->duration_ns)
		error = do_slice(job, index, &turn);
	if (error)
		return error;
	turn_ended(record, turn.before - turn.since);
	return lock_release(job->lock);
}

static void work(struct team *team, unsigned int index, void *arg)
{
	struct job *job = arg;

	team_name("worker", index);
	if (team_attach(team, index, job->lock))
		team_ok(team, index, contend(job, index, now_ns()), "contend");
}

/* What one run showed. */
struct outcome {
	unsigned int workers;
	double jain;
	double max_min;
	uint64_t turns_apart;
	uint64_t turn_ns;
	uint64_t long_turn_ns;
	uint64_t longest_turn_ns;
	uint64_t worst_wait_ns;
	uint64_t worst_slice_ns;
	uint64_t wakeup_ns;
};

/* The median and the long turns of all workers. */
static void measure_turns(struct job *job, unsigned int n, struct outcome *out)
{
	static uint64_t turns[64 * TURNS_KEPT];
	size_t count = 0;

	for (unsigned int i = 0; i < n; i++) {
		const struct record *r = &job->records[i];
		size_t k = r->turns < TURNS_KEPT ? r->turns : TURNS_KEPT;

		/* The last turn was cut short by the end. */
		if (k < 2 || count + k > sizeof(turns) / sizeof(*turns))
			continue;
		memcpy(turns + count, r->turn_ns, (k - 1) * sizeof(*turns));
		count += k - 1;
	}
	out->turn_ns = sample_quantile(turns, count, 0.5);
	out->long_turn_ns = sample_quantile(turns, count, TURN_QUANTILE);
}

static uint64_t longest_turn(const struct record *record)
{
	uint64_t longest = 0;

	for (uint64_t i = 0; i < record->turns && i < TURNS_KEPT; i++)
		if (record->turn_ns[i] > longest)
			longest = record->turn_ns[i];
	return longest;
}

static void evaluate(struct job *job, unsigned int n, struct outcome *out)
{
	uint64_t most_turns = 0, least_turns = UINT64_MAX;
	double holds[n], most = 0, least = 0;

	memset(out, 0, sizeof(*out));
	out->workers = n;
	for (unsigned int i = 0; i < n; i++) {
		const struct record *r = &job->records[i];
		uint64_t longest = longest_turn(r);

		holds[i] = (double)r->hold_ns;
		if (!i || holds[i] > most)
			most = holds[i];
		if (!i || holds[i] < least)
			least = holds[i];
		if (r->worst_wait_ns > out->worst_wait_ns)
			out->worst_wait_ns = r->worst_wait_ns;
		if (r->worst_slice_ns > out->worst_slice_ns)
			out->worst_slice_ns = r->worst_slice_ns;
		if (longest > out->longest_turn_ns)
			out->longest_turn_ns = longest;
		if (r->turns > most_turns)
			most_turns = r->turns;
		if (r->turns < least_turns)
			least_turns = r->turns;
	}
	out->turns_apart = most_turns - least_turns;
	out->jain = sample_jain(holds, n);
	out->max_min = least > 0 ? most / least : NAN;
	measure_turns(job, n, out);
}

/*
 * The worst case by definition: all others are ahead in the queue, and each
 * takes as long to wake up and holds the lock as long as the worst that was
 * seen. The waiter's own wake-up comes last. How long a hold may be is judged
 * separately.
 */
static uint64_t written_bound(const struct outcome *out)
{
	uint64_t hold = out->longest_turn_ns + out->wakeup_ns;

	return (out->workers - 1) * hold + out->wakeup_ns;
}

static void add_samples(struct result *result, const struct outcome *out,
			uint64_t interval_ns)
{
	uint64_t turn_limit = interval_ns + out->worst_slice_ns;

	result_sample(result, "jain", out->jain);
	/* There is no ratio if a worker never had the lock. */
	if (!isnan(out->max_min))
		result_sample(result, "max_min", out->max_min);
	result_sample(result, "turns_apart", (double)out->turns_apart);
	result_sample_ns(result, "turn_limit", (double)turn_limit);
	result_sample_ns(result, "turn_p50", (double)out->turn_ns);
	result_sample_ns(result, "turn_p75", (double)out->long_turn_ns);
	result_sample_ns(result, "turn_max", (double)out->longest_turn_ns);
	result_sample_ns(result, "bound", (double)written_bound(out));
	result_sample_ns(result, "worst_wait", (double)out->worst_wait_ns);
	result_sample_ns(result, "wakeup_max", (double)out->wakeup_ns);
}

static void add_shares(struct result *result, const struct job *job,
		       unsigned int n)
{
	json_t *list = json_array();
	double total = 0;

	for (unsigned int i = 0; i < n; i++)
		total += (double)job->records[i].hold_ns;
	for (unsigned int i = 0; i < n; i++) {
		const struct record *r = &job->records[i];
		double share = total > 0 ? (double)r->hold_ns / total : 0;
		double wait = (double)r->worst_wait_ns / NS_PER_S;

		json_array_append_new(list,
				      json_pack("{s:f, s:I, s:I, s:f}",
						"share", share,
						"turns", (json_int_t)r->turns,
						"decrements",
						(json_int_t)r->work,
						"worst_wait_s", wait));
	}
	/* These are of the last repetition. */
	result_detail(result, "threads", list);
}

static int run_once(const struct options *options, struct result *result,
		    struct job *job, unsigned int n)
{
	struct gil_lock_stats stats = { 0 };
	struct outcome out;
	int error = 0;

	if (lock_open(&job->lock, options->lock, &options->lock_options))
		return -1;
	if (!team_run(n, options->procs, work, job))
		error = -1;
	else if (options->lock->stats)
		error = options->lock->stats(job->lock, &stats);
	if (!error) {
		evaluate(job, n, &out);
		out.wakeup_ns = stats.counts.wakeup.max_ns;
		add_samples(result, &out, lock_interval_ns(job->lock));
	}
	lock_close(job->lock);
	return error;
}

static void judge(const struct options *options, struct result *result,
		  unsigned int n, bool fifo)
{
	double jain = result_median(result, "jain");
	double max_min = result_median(result, "max_min");
	double apart = result_median(result, "turns_apart");
	double turn = result_ratio(result, "turn_p75");
	double wait = result_ratio(result, "worst_wait");
	char ratio[32];

	if (isnan(max_min))
		snprintf(ratio, sizeof(ratio), "without limit");
	else
		snprintf(ratio, sizeof(ratio), "%.2f", max_min);
	result_seen(result,
		    "Jain's index is %.4f, the ratio of most to least hold time %s, and turns differ by at most %.0f; 3 of 4 turns take up to %.2f of an interval and a slice, and the worst wait is %.2f of the others' longest holds",
		    jain, ratio, apart, turn, wait);
	if (!options->lock->excludes)
		result_not_judged(result, "there is no lock to share");
	else if (n < 2)
		result_not_judged(result, "a single worker shares with nobody");
	else if (!fifo)
		result_not_judged(result,
				  "the claim is about arrival order, which this lock or policy does not promise");
	else
		result_judge(result, jain >= JAIN_MIN &&
			     apart <= TURNS_APART_MAX && turn <= TURN_MAX &&
			     wait <= 1);
}

static void declare_figures(struct result *result)
{
	result_figure(result, "jain", "", "");
	result_figure(result, "max_min", "", "");
	result_figure(result, "turns_apart", "turns", "");
	result_figure(result, "turn_limit", "s", NULL);
	result_figure(result, "turn_p50", "s", NULL);
	result_figure(result, "turn_p75", "s", NULL);
	result_figure(result, "turn_max", "s", NULL);
	result_figure(result, "wakeup_max", "s", NULL);
	result_figure(result, "bound", "s", NULL);
	result_figure(result, "worst_wait", "s", "bound");
}

/* --count is the number of turns of each worker. */
static uint64_t duration_ns(const struct options *options, unsigned int n,
			    uint64_t interval_ns)
{
	uint64_t least = TURNS_MIN * n * interval_ns;
	uint64_t budget = options_budget_ns(options);

	if (options->count)
		return options->count * n * interval_ns;
	return budget > least ? budget : least;
}

static int run(const struct options *options, struct result *result)
{
	unsigned int n = options_workers(options, DEFAULT_WORKERS);
	size_t size = sizeof(struct job) + n * sizeof(struct record);
	uint64_t interval_ns;
	struct job *job;
	int error = 0;
	bool fifo;

	if (lock_inspect(options->lock, &options->lock_options, &interval_ns,
			 &fifo))
		return -1;
	job = shared_alloc(size);
	if (!job)
		return -1;
	declare_figures(result);
	for (unsigned int rep = 1; rep <= options->repeat && !error; rep++) {
		watchdog_step("contending", rep, options->repeat);
		memset(job, 0, size);
		job->duration_ns = duration_ns(options, n, interval_ns);
		error = run_once(options, result, job, n);
	}
	if (!error) {
		add_shares(result, job, n);
		judge(options, result, n, fifo);
	}
	shared_free(job, size);
	return error;
}

const struct workload workload_fairness = {
	.name = "fairness",
	.doc = "shares of hold time, and the worst wait against the bound",
	.claims = { {
		"",
		"In arrival order all threads have equal turns, of an "
		"interval and the time to the next checkpoint, and none "
		"waits for more than one turn of each other thread",
	} },
	.baseline = "turn_limit",
	.run = run,
};
