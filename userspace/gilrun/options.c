// SPDX-License-Identifier: GPL-2.0
/* The command line of gilrun. */
#include <string.h>

#include <linux/gil.h>

#include "args/args.h"
#include "options.h"
#include "recording/recording.h"

const char *argp_program_version = "gilrun " GIL_VERSION;

static const char doc[] =
	"Run any program, unmodified, under a global interpreter lock: of all "
	"its threads, and of all processes that it starts, at most one at a "
	"time runs outside the kernel.\v"
	"A TIME is a number and ns, us, ms or s; plain numbers are us.\n\n"
	"Exit status: the program's (by the same signal, if a signal ended "
	"it); 125 if gilrun itself failed or was used wrongly, 126 if the program "
	"cannot be run, 127 if it was not found.";

enum {
	OPTION_GRACE = 256,
	OPTION_LEVEL,
	OPTION_PER_PROCESS,
	OPTION_STATS,
	OPTION_JSON,
	OPTION_REPORT,
};

static const struct argp_option argp_options[] = {
	{ "policy", 'P', "NAME", 0,
	  "Which thread gets the lock next: fifo, cpython, io_first, fair or another policy that is loaded",
	  0 },
	{ "interval", 'i', "TIME", 0,
	  "How long a thread may keep the lock while others wait", 0 },
	{ "grace", OPTION_GRACE, "TIME", 0,
	  "How long a lazy release leaves the lock with its last owner", 0 },
	{ "level", OPTION_LEVEL, "LEVEL", 0,
	  "enforced (default), or auto-io: a thread keeps the lock until it blocks",
	  0 },
	{ "per-process", OPTION_PER_PROCESS, NULL, 0,
	  "Give each process that the program starts its own lock", 0 },
	{ "stats", OPTION_STATS, NULL, 0,
	  "At the end, print a table with the figures of each thread", 0 },
	{ "json", OPTION_JSON, NULL, 0, "Print the same as one JSON document", 0 },
	{ "output", 'o', "FILE", 0,
	  "Write the table or the document to FILE, not to stderr", 0 },
	{ "report", OPTION_REPORT, "DIR", 0,
	  "Record the program with gilrecord and make DIR/report.html with gilreport (only root may record)",
	  0 },
	{ 0 },
};

static const char *policy(struct argp_state *state, const char *text)
{
	if (!*text || strlen(text) >= GIL_NAME_MAX)
		argp_error(state, "--policy: '%s' cannot be the name of a policy", text);
	return text;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	/*
	 * All options, except the last of the enum: a recording shows
	 * whichever lock the program is under.
	 */
	if (key > 0 && key < OPTION_REPORT)
		options->own_lock = true;
	switch (key) {
	case 'P':
		options->policy = policy(state, arg);
		break;
	case 'i':
		options->interval_ns = arg_interval(state, arg);
		break;
	case OPTION_GRACE:
		options->grace_given = true;
		options->grace_ns = arg_time(state, "grace", arg, duration_read,
					     0, GIL_GRACE_MAX_NS);
		break;
	case OPTION_LEVEL:
		/* At the manual level nothing would happen to a program. */
		options->level = arg_level(state, arg, LEVEL_AUTO_IO);
		break;
	case OPTION_PER_PROCESS:
		options->per_process = true;
		break;
	case OPTION_STATS:
		options->stats = true;
		break;
	case OPTION_JSON:
		options->json = true;
		break;
	case 'o':
		options->output = arg;
		break;
	case OPTION_REPORT:
		options->report = arg;
		break;
	case ARGP_KEY_ARG:
		/* Arguments after the program's name are the program's. */
		options->program = &state->argv[state->next - 1];
		state->next = state->argc;
		break;
	case ARGP_KEY_END:
		if (!options->program || !*options->program[0])
			argp_error(state, "no PROGRAM given");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse,
	.args_doc = "PROGRAM [ARGUMENT...]",
	.doc = doc,
};

void options_parse(struct options *options, int argc, char **argv)
{
	*options = (struct options){ .level = LEVEL_ENFORCED };
	args_parse(&argp, ARGP_IN_ORDER, EXIT_OWN_FAILURE, argc, argv,
		   options);
	if (!recording_wanted())
		options->report = NULL;
	if (options->output && !options->json)
		options->stats = true;
}
