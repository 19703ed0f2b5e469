// SPDX-License-Identifier: GPL-2.0
/*
 * One scrape: in the OpenMetrics format on stdout, or in Prometheus' own text
 * format in a file that node_exporter's textfile collector reads. Each metric
 * family is written whole, because both formats want that.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args/output.h"
#include "args/wash.h"
#include "metrics.h"

struct scrape {
	FILE *file;
	const struct options *options;
	struct snapshot now;
};

/* The name of a family, of which @unit is the end if it has one. */
struct family {
	const char *name, *type, *unit, *help;
};

static const struct metric {
	struct family family;
	enum counter counter;
	bool threads; /* for each thread too, and not only for each lock */
} metrics[] = {
#define COUNTER(name, counter, threads, help) \
	{ { name, "counter", NULL, help }, COUNT_##counter, threads }
#define SECONDS(name, type, counter, threads, help) \
	{ { name "_seconds", type, "seconds", help }, COUNT_##counter##_NS, \
	  threads }
	COUNTER("fast_acquires", FAST, false, "Acquires without the kernel."),
	COUNTER("slow_acquires", SLOW, false, "Acquires through the kernel."),
	COUNTER("contended_acquires", CONTENDED, true, "Acquires that had to wait."),
	COUNTER("handoffs", HANDOFFS, false, "Times that one owner handed over to the next."),
	COUNTER("releases", RELEASES, false, "Releases."),
	COUNTER("io_releases", IO, true, "Releases for I/O."),
	COUNTER("yields", YIELDS, false, "Times that an owner let others go first."),
	COUNTER("drop_requests", DROP_REQUESTS, false, "Requests to drop the lock."),
	COUNTER("forced_switches", FORCED, true, "Switches at the switch interval."),
	COUNTER("owner_deaths", DEATHS, false, "Threads that died as the owner."),
	COUNTER("timeouts", TIMEOUTS, false, "Waits that ended by a timeout."),
	SECONDS("wait", "counter", WAIT, true, "Time between request and grant."),
	SECONDS("wakeup", "counter", WAKEUP, true, "Time between grant and running."),
	SECONDS("hold", "counter", HOLD, true, "Time between grant and release."),
	SECONDS("wait_max", "gauge", WAIT_MAX, false, "The longest wait that has ended."),
	SECONDS("hold_max", "gauge", HOLD_MAX, false, "The longest hold that has ended."),
#undef SECONDS
#undef COUNTER
};

/* In OpenMetrics the samples of a counter, but not the family, are _total. */
static void put_head(struct scrape *scrape, const char *level,
		     const struct family *family)
{
	bool text = scrape->options->textfile;
	const char *end = text && !strcmp(family->type, "counter") ? "_total" :
			  text && !strcmp(family->type, "info") ? "_info" : "";
	const char *type = text && !strcmp(family->type, "info") ? "gauge" :
								   family->type;
	char name[64];

	snprintf(name, sizeof(name), "gil_%s%s%s%s", level,
		 *family->name ? "_" : "", family->name, end);
	fprintf(scrape->file, "# HELP %s %s\n# TYPE %s %s\n", name,
		family->help, name, type);
	if (family->unit && !text)
		fprintf(scrape->file, "# UNIT %s %s\n", name, family->unit);
}

/* Text from outside in quotes. */
static void put_label(struct scrape *scrape, const char *name, const char *text)
{
	char washed[64];

	fprintf(scrape->file, ",%s=\"", name);
	for (text = wash_utf8(washed, sizeof(washed), text); *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', scrape->file);
		if (*text == '\n')
			fputs("\\n", scrape->file);
		else
			putc(*text, scrape->file);
	}
	putc('"', scrape->file);
}

static void put_name(struct scrape *scrape, const char *level,
		     const struct family *family, uint64_t lock)
{
	fprintf(scrape->file, "gil_%s_%s%s{lock=\"%" PRIu64 "\"", level,
		family->name, !strcmp(family->type, "counter") ? "_total" : "",
		lock);
}

static void put_value(struct scrape *scrape, const struct family *family,
		      uint64_t value)
{
	if (family->unit)
		fprintf(scrape->file, "} %" PRIu64 ".%09" PRIu64 "\n",
			value / 1000000000, value % 1000000000);
	else
		fprintf(scrape->file, "} %" PRIu64 "\n", value);
}

static void put_lock(struct scrape *scrape, const struct family *family,
		     const struct lock_row *row, uint64_t value)
{
	put_name(scrape, "lock", family, row->lock);
	put_value(scrape, family, value);
}

static void put_thread(struct scrape *scrape, const struct family *family,
		       const struct thread_row *row, uint64_t value)
{
	put_name(scrape, "thread", family, row->lock);
	fprintf(scrape->file, ",id=\"%" PRIu64 "\",tid=\"%" PRIu64 "\"",
		row->id, row->tid);
	put_label(scrape, "comm", row->comm);
	put_value(scrape, family, value);
}

static bool is_wanted(const struct scrape *scrape, uint64_t lock)
{
	return !scrape->options->look.one_lock ||
	       scrape->options->look.lock == lock;
}

#define for_each_lock(scrape, row)                                   \
	for (const struct lock_row *row = (scrape)->now.locks;       \
	     row < (scrape)->now.locks + (scrape)->now.lock_count; row++) \
		if (is_wanted(scrape, row->lock))

#define for_each_thread(scrape, row)                                     \
	for (const struct thread_row *row = (scrape)->now.threads;       \
	     row < (scrape)->now.threads + (scrape)->now.thread_count; row++) \
		if (is_wanted(scrape, row->lock))

static void put_metric(struct scrape *scrape, const struct metric *metric)
{
	put_head(scrape, "lock", &metric->family);
	for_each_lock(scrape, row)
		put_lock(scrape, &metric->family, row,
			 row->figures.counts[metric->counter]);
	if (!metric->threads)
		return;
	put_head(scrape, "thread", &metric->family);
	for_each_thread(scrape, row)
		put_thread(scrape, &metric->family, row,
			   row->figures.counts[metric->counter]);
}

/* How long it has owned or waited so far. */
static uint64_t so_far(const struct figures *figures)
{
	return !figures->since_ns || figures->since_ns > figures->now_ns ? 0 :
	       figures->now_ns - figures->since_ns;
}

static uint64_t waiting_for(const struct thread_row *row)
{
	return thread_waits(row) ? so_far(&row->figures) : 0;
}

static uint64_t threads(const struct scrape *scrape, const struct lock_row *row)
{
	(void)scrape;
	return row->threads;
}

static uint64_t bound(const struct scrape *scrape, const struct lock_row *row)
{
	(void)scrape;
	return row->bound;
}

static uint64_t waiting(const struct scrape *scrape, const struct lock_row *row)
{
	(void)scrape;
	return row->waiting;
}

static uint64_t interval(const struct scrape *scrape, const struct lock_row *row)
{
	(void)scrape;
	return row->interval_ns;
}

static uint64_t owned(const struct scrape *scrape, const struct lock_row *row)
{
	(void)scrape;
	return row->owner ? so_far(&row->figures) : 0;
}

static uint64_t longest(const struct scrape *scrape, const struct lock_row *lock)
{
	uint64_t most = 0;

	for_each_thread(scrape, row)
		if (row->lock == lock->lock && waiting_for(row) > most)
			most = waiting_for(row);
	return most;
}

static const struct gauge {
	struct family family;
	uint64_t (*value)(const struct scrape *scrape,
			  const struct lock_row *row);
} gauges[] = {
#define GAUGE(name, value, help) { { name, "gauge", NULL, help }, value }
#define SECONDS(name, value, help) \
	{ { name "_seconds", "gauge", "seconds", help }, value }
	GAUGE("threads", threads, "Threads that are attached."),
	GAUGE("bound_threads", bound, "Threads that are bound."),
	GAUGE("waiting_threads", waiting, "Threads that wait now."),
	SECONDS("interval", interval, "The switch interval."),
	SECONDS("owned", owned, "How long the owner has had the lock so far."),
	SECONDS("longest_waiting", longest, "The longest of the waits that go on."),
#undef SECONDS
#undef GAUGE
};

static void put_policies(struct scrape *scrape)
{
	static const struct family family = {
		"", "info", NULL, "What the lock is.",
	};

	put_head(scrape, "lock", &family);
	for_each_lock(scrape, row) {
		fprintf(scrape->file, "gil_lock_info{lock=\"%" PRIu64 "\"",
			row->lock);
		put_label(scrape, "policy", row->policy);
		put_value(scrape, &family, 1);
	}
}

static void put_waiters(struct scrape *scrape)
{
	static const struct family family = {
		"waiting_seconds", "gauge", "seconds",
		"How long the thread has waited so far, or 0.",
	};

	put_head(scrape, "thread", &family);
	for_each_thread(scrape, row)
		put_thread(scrape, &family, row, waiting_for(row));
}

static int put_all(struct scrape *scrape)
{
	errno = 0;
	put_policies(scrape);
	for (size_t i = 0; i < sizeof(gauges) / sizeof(*gauges); i++) {
		put_head(scrape, "lock", &gauges[i].family);
		for_each_lock(scrape, row)
			put_lock(scrape, &gauges[i].family, row,
				 gauges[i].value(scrape, row));
	}
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
		put_metric(scrape, &metrics[i]);
	put_waiters(scrape);
	if (!scrape->options->textfile)
		fputs("# EOF\n", scrape->file);
	return fflush(scrape->file) || ferror(scrape->file) ?
	       errno ? errno : EIO : 0;
}

/* Renamed when it is whole, because node_exporter may read it at any time. */
static int put_file(struct scrape *scrape)
{
	const char *path = scrape->options->textfile;
	char *new;
	int error;

	if (asprintf(&new, "%s.new", path) < 0)
		return ENOMEM;
	scrape->file = fopen(new, "w");
	error = scrape->file ? put_all(scrape) : errno;
	if (scrape->file && fclose(scrape->file) && !error)
		error = errno;
	if (!error && rename(new, path))
		error = errno;
	if (error)
		fprintf(stderr,
			"giltop: cannot write %s: %s: choose another file\n",
			WASHED(new), strerror(error));
	free(new);
	return error;
}

int metrics_run(const struct options *options)
{
	struct scrape scrape = { .file = stdout, .options = options };
	char why[SNAPSHOT_ERROR_MAX];
	int error;

	if (!snapshot_read(&scrape.now, options->debugfs, why)) {
		fprintf(stderr, "giltop: %s\n", why);
		return EXIT_FAILED;
	}
	if (options->textfile) {
		error = put_file(&scrape);
	} else {
		error = put_all(&scrape);
		if (error)
			output_failed(error);
	}
	snapshot_free(&scrape.now);
	return error ? EXIT_FAILED : 0;
}
