// SPDX-License-Identifier: GPL-2.0
/*
 * gilrun: run a program under a global interpreter lock of its own.
 *
 * Without a report gilrun binds itself and becomes the program, which keeps the
 * binding. Signals, job control and the exit status are then the program's own.
 * For a report gilrun stays as the program's parent (supervise.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gil.h>

#include "args/missing.h"
#include "args/wash.h"
#include "options.h"
#include "program.h"
#include "recording/recording.h"
#include "report.h"
#include "supervise.h"

static int cannot(const char *what, int error)
{
	fprintf(stderr, "gilrun: %s: %s\n", what, missing_reason(error));
	return -1;
}

static int make_lock(const struct options *options, gil_t **gil)
{
	const struct gil_options wanted = {
		.interval_ns = options->interval_ns,
		.policy = options->policy,
		.flags = options_report(options) ? GIL_CREATE_RECORD : 0,
	};
	int error = gil_create(gil, &wanted);

	if (error == ENOENT && missing_device("gilrun", ""))
		return -1;
	if (error == ENOENT && options->policy) {
		fprintf(stderr,
			"gilrun: there is no policy '%s': fifo, cpython, io_first and fair are built in, other policies are modules to load\n",
			WASHED(options->policy));
		return -1;
	}
	if (error)
		return cannot("cannot make a lock on /dev/gil", error);
	if (options->grace_given)
		error = gil_set_grace(*gil, options->grace_ns);
	return error ? cannot("cannot set the grace", error) : 0;
}

/* Before the program runs, because a wrong name must not cost a long run. */
static FILE *open_output(const struct options *options)
{
	FILE *file = stderr;

	if (options->output) {
		file = fopen(options->output, "we");
		if (!file)
			fprintf(stderr, "gilrun: cannot write '%s': %s\n",
				WASHED(options->output), strerror(errno));
	}
	return file;
}

static int write_report(const struct options *options, gil_t *gil,
			const struct records *records,
			const struct outcome *outcome, FILE *file)
{
	struct report report = {
		.options = options,
		.records = records,
		.outcome = outcome,
	};
	struct gil_policy policy = { "" };

	gil_get_policy(gil, &policy);
	memcpy(report.policy, policy.name, sizeof(report.policy));
	gil_get_interval(gil, &report.interval_ns);
	gil_get_grace(gil, &report.grace_ns);
	return options->json ? report_json(&report, file) :
			       report_text(&report, file);
}

/*
 * If the program ran, exit as it did. Only a report that is missing after a
 * success is a failure.
 */
static int run_and_report(const struct options *options, gil_t *gil)
{
	struct records records = { 0 };
	struct outcome outcome = { 0 };
	FILE *file = open_output(options);
	int error;

	if (!file || supervise(options, gil, &records, &outcome))
		return EXIT_OWN_FAILURE;
	if (outcome.failure) {
		records_free(&records);
		return outcome.failure;
	}
	records_sort(&records);
	error = write_report(options, gil, &records, &outcome, file);
	if (file != stderr && fclose(file) && !error)
		error = errno;
	if (error)
		cannot("cannot write the report", error);
	records_free(&records);
	gil_close(gil);
	if (error && !outcome.status)
		return EXIT_OWN_FAILURE;
	end_as(outcome.status);
}

static int run_recorded(const struct options *options, char **argv)
{
	const struct recording recording = {
		.name = "gilrun",
		.argv = argv,
		.dir = options->report,
		.interval_ns = options->interval_ns,
		.failure = EXIT_OWN_FAILURE,
	};

	return recording_run(&recording);
}

int main(int argc, char **argv)
{
	struct options options;
	gil_t *gil;

	options_parse(&options, argc, argv);
	if (options.report)
		return run_recorded(&options, argv);
	if (make_lock(&options, &gil))
		return EXIT_OWN_FAILURE;
	if (options_report(&options))
		return run_and_report(&options, gil);
	return program_exec(&options, gil);
}
