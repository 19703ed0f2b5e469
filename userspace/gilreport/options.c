// SPDX-License-Identifier: GPL-2.0
/* The command line of gilreport. */

#include "args/args.h"
#include "options.h"

#define EXIT_USAGE 2

const char *argp_program_version = "gilreport " GIL_VERSION;

static const char doc[] =
	"Show what threads did with /dev/gil locks, and which thread waited for which.\v"
	"TRACE is a recording made with gilrecord(8). gilreport prints a summary "
	"and writes into DIR: report.html, a page that opens in any browser "
	"without a network; trace.json.gz for Perfetto and Chrome; turns.csv, "
	"threads.csv and behind.csv.\n\n"
	"Exit status: 0 written; 1 not written, standard error says why; "
	"2 wrong use.";

static const struct argp_option argp_options[] = {
	{ "output", 'o', "DIR", 0,
	  "Where to write (default: gilreport); made if it is not there", 0 },
	{ "interval", 'i', "TIME", 0,
	  "The locks' switch interval; without this option it is learnt from the recording. A number and ns, us, ms or s; plain numbers are us",
	  0 },
	{ "json", 'j', NULL, 0, "Print one JSON document, not text", 0 },
	{ "events", 'e', NULL, 0,
	  "Write no files. Count the events, and print those of the threads that used a lock",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o':
		options->output = arg;
		break;
	case 'i':
		options->interval_ns = arg_interval(state, arg);
		break;
	case 'j':
		options->json = true;
		break;
	case 'e':
		options->events = true;
		break;
	case ARGP_KEY_ARG:
		if (options->trace)
			argp_error(state, "give one TRACE at a time");
		options->trace = arg;
		break;
	case ARGP_KEY_END:
		if (!options->trace)
			argp_error(state, "no TRACE given: make one with gilrecord(8)");
		if (options->events && options->json)
			argp_error(state, "give either --events or --json");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse,
	.args_doc = "TRACE",
	.doc = doc,
};

void options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options){ .output = "gilreport" };
	args_parse(&argp, 0, EXIT_USAGE, argc, argv, options);
}
