// SPDX-License-Identifier: GPL-2.0
/* The command line of giltop. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "args/args.h"
#include "options.h"

const char *argp_program_version = "giltop " GIL_VERSION;

static const char doc[] =
	"Show live which thread owns each /dev/gil lock and which threads wait "
	"for it, and what part of the time each thread holds the lock, waits "
	"for it, and is away.\v"
	"A TIME is in seconds, or with a unit: 0.5, 200ms. The figures are the "
	"kernel's, from debugfs, which only root may read.\n\n"
	"Exit status: 0 on success, 1 if giltop failed, 2 if it was used wrongly.";

enum {
	OPTION_ONCE = 256,
	OPTION_JSON,
	OPTION_OPENMETRICS,
	OPTION_TEXTFILE,
	OPTION_DEBUGFS,
};

static const struct argp_option argp_options[] = {
	{ "delay", 'd', "TIME", 0, "The time between two pictures (default 1)", 0 },
	{ "interval", 0, NULL, OPTION_ALIAS, NULL, 0 },
	{ "count", 'n', "N", 0, "End after N pictures", 0 },
	{ "lock", 'l', "LOCK", 0, "Show only this lock, with its queue", 0 },
	{ "sort", 's', "KEY", 0,
	  "Sort threads by hold (default), wait, away, switches, io or tid", 0 },
	{ "reverse", 'r', NULL, 0, "Sort the smallest first", 0 },
	{ "batch", 'b', NULL, 0, "Write the pictures as lines, for a file or a pipe", 0 },
	{ "once", OPTION_ONCE, NULL, 0, "The same as -b -n 1", 0 },
	{ "json", OPTION_JSON, NULL, 0,
	  "Write one JSON document, or with -n several, one on each line", 0 },
	{ "openmetrics", OPTION_OPENMETRICS, NULL, 0,
	  "Write one scrape in the OpenMetrics format", 0 },
	{ "textfile", OPTION_TEXTFILE, "FILE", 0,
	  "Write one scrape into a file for node_exporter", 0 },
	{ "debugfs", OPTION_DEBUGFS, "DIR", 0,
	  "Where debugfs is mounted (default /sys/kernel/debug)", 0 },
	{ 0 },
};

/* A plain number is seconds, as in top, and not us as in our other programs. */
static bool delay_read(const char *text, uint64_t *ns)
{
	char *end;
	double seconds;

	/* strtod() would take a sign, blanks and words. */
	if (!strspn(text, "0123456789."))
		return false;
	seconds = strtod(text, &end);
	if (*end)
		return duration_read(text, ns);
	if (!isfinite(seconds) || seconds * 1e9 > (double)DELAY_MAX_NS)
		return false;
	*ns = (uint64_t)(seconds * 1e9);
	return true;
}

static enum sort_key sort(struct argp_state *state, const char *text)
{
	enum sort_key key = sort_find(text);

	if (key == SORT_KEYS)
		argp_error(state, "--sort: '%s' is not hold, wait, away, switches, io or tid",
			   text);
	return key;
}

static void complete(struct options *options)
{
	if (!options->json)
		return;
	options->batch = true;
	if (!options->count)
		options->count = 1;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'd':
		options->look.delay_ns =
			arg_time(state, "delay", arg, delay_read,
				 DELAY_MIN_NS, DELAY_MAX_NS);
		break;
	case 'n':
		options->count = arg_number(state, "count", arg, 1, UINT64_MAX);
		break;
	case 'l':
		options->look.lock = arg_number(state, "lock", arg, 0, UINT64_MAX);
		options->look.one_lock = true;
		break;
	case 's':
		options->look.sort = sort(state, arg);
		break;
	case 'r':
		options->look.reverse = true;
		break;
	case 'b':
		options->batch = true;
		break;
	case OPTION_ONCE:
		options->batch = true;
		options->count = 1;
		break;
	case OPTION_JSON:
		options->json = true;
		break;
	case OPTION_TEXTFILE:
		options->textfile = arg;
		options->metrics = true;
		break;
	case OPTION_OPENMETRICS:
		options->metrics = true;
		break;
	case OPTION_DEBUGFS:
		options->debugfs = arg;
		break;
	case ARGP_KEY_END:
		complete(options);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse,
	.doc = doc,
};

void options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options){
		.look.delay_ns = 1000000000,
		.debugfs = "/sys/kernel/debug",
	};
	args_parse(&argp, 0, EXIT_USAGE, argc, argv, options);
}
