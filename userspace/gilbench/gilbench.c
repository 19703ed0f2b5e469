// SPDX-License-Identifier: GPL-2.0
/* gilbench: what one global lock does to threads and processes. */
#include <stdio.h>
#include <stdlib.h>

#include "args/json.h"
#include "args/missing.h"
#include "args/output.h"
#include "cpus.h"
#include "options.h"
#include "recording/recording.h"
#include "report.h"
#include "watchdog.h"
#include "workload.h"

enum { EXIT_HELD = 0, EXIT_NOT_HELD = 1, EXIT_SKIPPED = 4 };

static int probe_level(const struct options *options, struct lock *lock)
{
	int error = lock_acquire(lock);

	if (!error)
		error = lock_release(lock);
	if (!error)
		return 0;
	missing_level(error == EOPNOTSUPP ? "gilbench: skipped" : "gilbench",
		      options->lock_options.level, error);
	return error == EOPNOTSUPP ? EXIT_SKIPPED : EXIT_FAILURE;
}

/* Before any work: can there be a lock of the wanted kind? */
static int probe_lock(const struct options *options)
{
	struct lock *lock;
	int status = 0;

	if (options->lock == &lock_gil &&
	    missing_device("gilbench: skipped", ", or use --lock pthread"))
		return EXIT_SKIPPED;
	if (lock_open(&lock, options->lock, &options->lock_options))
		return EXIT_FAILURE;
	if (options->lock_options.level)
		status = probe_level(options, lock);
	lock_close(lock);
	return status;
}

static int run_one(const struct options *options,
		   const struct workload *workload, json_t *document)
{
	struct result result;
	int error;

	if (result_init(&result, workload, options->lock)) {
		fputs("gilbench: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	watchdog_start(workload->name, options->lock->name, options->timeout_s);
	error = workload->run(options, &result);
	watchdog_stop();
	if (error)
		fprintf(stderr, "gilbench: %s on %s failed to run\n",
			workload->name, options->lock->name);
	else if (document)
		error = report_json_add(document, &result);
	else
		report_text(&result);
	if (!error && result_failed(&result))
		error = EXIT_NOT_HELD;
	result_free(&result);
	return error ? EXIT_FAILURE : EXIT_HELD;
}

static int run_all(const struct options *options, json_t *document)
{
	int status = EXIT_HELD, error;

	for (unsigned int i = 0; i < options->workload_count; i++)
		status |= run_one(options, options->workloads[i], document);
	if (!document)
		return status;
	error = document_write(document, stdout, JSON_INDENT(2));
	if (error)
		output_failed(error);
	return error ? EXIT_FAILURE : status;
}

static int run_recorded(const struct options *options, char **argv)
{
	const struct recording recording = {
		.name = "gilbench",
		.argv = argv,
		.dir = options->report,
		.interval_ns = options->lock_options.interval_ns,
		.failure = EXIT_FAILURE,
	};

	return recording_run(&recording);
}

int main(int argc, char **argv)
{
	struct options options;
	json_t *document = NULL;
	int status;

	options_parse(&options, argc, argv);
	/* Before any thread is pinned. */
	cpus_usable();
	status = probe_lock(&options);
	if (status)
		return status;
	if (options.report)
		return run_recorded(&options, argv);
	if (options.json) {
		document = report_json(&options);
		if (!document) {
			fputs("gilbench: out of memory\n", stderr);
			return EXIT_FAILURE;
		}
	}
	return run_all(&options, document);
}
