// SPDX-License-Identifier: GPL-2.0
/* The command line of gilbench. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args/args.h"
#include "options.h"
#include "recording/recording.h"
#include "workload.h"

/* Enough for medians, with every workload ending within about 8 s. */
#define DEFAULT_REPEAT 5
#define DEFAULT_TIMEOUT_S 120

/* More than any workload can use, and few enough for 64-bit products. */
#define WORKERS_MAX 100000
#define COUNT_MAX 1000000000000ULL
#define REPEAT_MAX 1000

#define EXIT_USAGE 2

enum { OPTION_LIST = 256, OPTION_REPORT };

const char *argp_program_version = "gilbench " GIL_VERSION;

static const char doc[] =
	"Measure what one global lock does to threads and processes.\v"
	"WORKLOAD is one or more of the names that --list shows, or 'all'. "
	"Each prints the claim that it tests, its figures as medians and as "
	"ratios to a baseline of the same run, and whether the claim held.\n\n"
	"Exit status: 0 if all workloads ran and no judged claim failed; 1 if a "
	"workload failed to run or a claim did not hold; 2 on wrong use; 4 if "
	"skipped because there is no /dev/gil or no such level.";

static const struct argp_option argp_options[] = {
	{ "lock", 'l', "NAME", 0,
	  "The lock under the workload: gil (default), pthread or none", 0 },
	{ "threads", 't', "N", 0, "The number of threads that work", 0 },
	{ "procs", 'p', "N", 0,
	  "The number of processes that work, sharing the lock; instead of threads, except in countdown, which has both",
	  0 },
	{ "count", 'n', "N", 0,
	  "Do this much in each arm, in the workload's unit; without this option, as much as takes about 5 s in all",
	  0 },
	{ "interval", 'i', "TIME", 0,
	  "The lock's switch interval: a number and ns, us, ms or s; plain numbers are us",
	  0 },
	{ "policy", 'P', "NAME", 0, "The lock's policy (gil only)", 0 },
	{ "level", 'L', "LEVEL", 0,
	  "Who releases the lock, and when: manual (default), auto-io or enforced (gil only)",
	  0 },
	{ "repeat", 'r', "N", 0,
	  "Take N samples of each figure, with the arms in turn (default 5)", 0 },
	{ "quick", 'q', NULL, 0,
	  "Take about a fifth of the time, with at most 1,000 waiters", 0 },
	{ "timeout", 'T', "SECONDS", 0,
	  "Give up a workload after this time (default 120, 0: never)", 0 },
	{ "json", 'j', NULL, 0, "Print one JSON document, not text", 0 },
	{ "report", OPTION_REPORT, "DIR", 0,
	  "Also record the run with gilrecord and make DIR/report.html with gilreport (gil only; only root may record)",
	  0 },
	{ "list", OPTION_LIST, NULL, 0, "List the workloads and the locks", 0 },
	{ 0 },
};

static void list(void)
{
	puts("workloads:");
	for (unsigned int i = 0; workloads[i]; i++)
		printf("  %-10s %s\n", workloads[i]->name, workloads[i]->doc);
	puts("locks:");
	for (unsigned int i = 0; lock_backends[i]; i++)
		printf("  %-10s %s\n", lock_backends[i]->name,
		       lock_backends[i]->doc);
}

static void add_workload(struct argp_state *state, const char *name)
{
	struct options *options = state->input;
	const struct workload *workload = workload_find(name);

	if (!strcmp(name, "all")) {
		options->all = true;
		return;
	}
	if (!workload)
		argp_error(state, "no workload '%s'; --list shows them", name);
	if (options->workload_count == OPTIONS_WORKLOADS_MAX)
		argp_error(state, "too many workloads");
	options->workloads[options->workload_count++] = workload;
}

static bool fits_level(const struct options *options,
		       const struct workload *workload)
{
	return options->lock_options.level == LEVEL_MANUAL ||
	       !workload->manual_only;
}

/* All workloads that can run at the level. */
static void add_all(struct options *options)
{
	options->workload_count = 0;
	for (unsigned int i = 0; workloads[i]; i++)
		if (fits_level(options, workloads[i]))
			options->workloads[options->workload_count++] =
				workloads[i];
}

static void check_workload(struct argp_state *state,
			   const struct workload *workload)
{
	const struct options *options = state->input;

	if (!fits_level(options, workload))
		argp_error(state, "%s works at the level manual only",
			   workload->name);
	if (options->threads && options->procs && !workload->threads_and_procs)
		argp_error(state,
			   "%s works with --threads or with --procs, not both",
			   workload->name);
}

/* What can be judged only when all options are known. */
static void check(struct argp_state *state)
{
	struct options *options = state->input;

	if (options->all)
		add_all(options);
	if (!options->workload_count)
		argp_error(state, "no WORKLOAD; --list shows them");
	if (options->lock_options.policy && options->lock != &lock_gil)
		argp_error(state, "--policy is for --lock gil only");
	if (options->lock_options.level && options->lock != &lock_gil)
		argp_error(state, "--level is for --lock gil only");
	if (options->report && options->lock != &lock_gil)
		argp_error(state, "--report is for --lock gil only");
	for (unsigned int i = 0; i < options->workload_count; i++)
		check_workload(state, options->workloads[i]);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'l':
		options->lock = lock_find(arg);
		if (!options->lock)
			argp_error(state, "no lock '%s'; --list shows them",
				   arg);
		break;
	case 't':
		options->threads = arg_number(state, "threads", arg, 1, WORKERS_MAX);
		break;
	case 'p':
		options->procs = arg_number(state, "procs", arg, 1, WORKERS_MAX);
		break;
	case 'n':
		options->count = arg_number(state, "count", arg, 1, COUNT_MAX);
		break;
	case 'i':
		options->lock_options.interval_ns =
			arg_time(state, "interval", arg, duration_read, 1,
				 ARGS_HOUR_NS);
		break;
	case 'P':
		options->lock_options.policy = arg;
		break;
	case 'L':
		options->lock_options.level =
			arg_level(state, arg, LEVEL_MANUAL);
		break;
	case 'r':
		options->repeat = arg_number(state, "repeat", arg, 1, REPEAT_MAX);
		break;
	case 'q':
		options->quick = true;
		break;
	case 'T':
		options->timeout_s = arg_number(state, "timeout", arg, 0, 86400);
		break;
	case 'j':
		options->json = true;
		break;
	case OPTION_REPORT:
		options->report = arg;
		break;
	case OPTION_LIST:
		list();
		exit(0);
	case ARGP_KEY_ARG:
		add_workload(state, arg);
		break;
	case ARGP_KEY_END:
		check(state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse,
	.args_doc = "WORKLOAD...",
	.doc = doc,
};

void options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options){
		.lock = &lock_gil,
		.repeat = DEFAULT_REPEAT,
		.timeout_s = DEFAULT_TIMEOUT_S,
	};
	args_parse(&argp, 0, EXIT_USAGE, argc, argv, options);
	if (!recording_wanted())
		options->report = NULL;
}
