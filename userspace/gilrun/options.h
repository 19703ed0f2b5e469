/* SPDX-License-Identifier: GPL-2.0 */
/* What the command line asked for. */
#ifndef GILRUN_OPTIONS_H
#define GILRUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "args/level.h"

/*
 * The statuses of gilrun's own failures, as env(1), nohup(1) and timeout(1)
 * have them. All other statuses are the program's.
 */
enum {
	EXIT_OWN_FAILURE = 125,
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

struct options {
	/* NULL and 0: the module's defaults. */
	const char *policy;
	uint64_t interval_ns;
	bool grace_given;
	uint64_t grace_ns;
	enum level level;
	bool per_process;
	/* Some option needs a lock that no other gilrun has made. */
	bool own_lock;
	bool stats;
	bool json;
	/* NULL: stderr. */
	const char *output;
	/* The folder of --report; NULL: the run is not recorded. */
	const char *report;
	/* The program and its arguments, ending with NULL. */
	char **program;
};

/* Ends the program after --help, --version or a wrong use. */
void options_parse(struct options *options, int argc, char **argv);

/* Is there to be a report at the end? */
static inline bool options_report(const struct options *options)
{
	return options->stats || options->json;
}

#endif
