// SPDX-License-Identifier: GPL-2.0
#include <argp.h>
#include <stdlib.h>

#include "args/duration.h"
#include "options.h"

#define EXIT_USAGE 2

/* The range of GIL_IOC_SET_INTERVAL. */
#define INTERVAL_MIN_NS 1000ULL
#define INTERVAL_MAX_NS 10000000000ULL

const char *argp_program_version = "gilreport " GIL_VERSION;

static const char doc[] =
	"Show what threads did with /dev/gil locks, and who waited for whom.\v"
	"TRACE is a recording by gilrecord(8). DIR gets report.html, a page "
	"that opens in any browser without a network; trace.json for Perfetto "
	"and Chrome; turns.csv and threads.csv. What it comes to is printed.\n\n"
	"Exit status: 0 written; 1 not, and why is on standard error; "
	"2 wrong use.";

static const struct argp_option argp_options[] = {
	{ "output", 'o', "DIR", 0,
	  "Where to write (default: gilreport); made if it is not there", 0 },
	{ "interval", 'i', "TIME", 0,
	  "The locks' switch interval, if it is not to be learnt from the recording: a number and ns, us, ms or s; plain numbers are us",
	  0 },
	{ "json", 'j', NULL, 0, "Print one JSON document, not text", 0 },
	{ 0 },
};

static uint64_t parse_interval(struct argp_state *state, const char *text)
{
	uint64_t ns = 0;

	if (!duration_parse(text, &ns) || ns < INTERVAL_MIN_NS ||
	    ns > INTERVAL_MAX_NS)
		argp_error(state,
			   "--interval: '%s' is not a time from 1us to 10s",
			   text);
	return ns;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o':
		options->output = arg;
		break;
	case 'i':
		options->interval_ns = parse_interval(state, arg);
		break;
	case 'j':
		options->json = true;
		break;
	case ARGP_KEY_ARG:
		if (options->trace)
			argp_error(state, "one TRACE at a time");
		options->trace = arg;
		break;
	case ARGP_KEY_END:
		if (!options->trace)
			argp_error(state, "no TRACE: make one by gilrecord(8)");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void options_parse(struct options *options, int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.args_doc = "TRACE",
		.doc = doc,
	};

	*options = (struct options){ .output = "gilreport" };
	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, options))
		exit(EXIT_USAGE);
}
