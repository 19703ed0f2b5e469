/* SPDX-License-Identifier: GPL-2.0 */
/* What the command line asked for. */
#ifndef GILTOP_OPTIONS_H
#define GILTOP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "screen.h"

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

#define DELAY_MIN_NS	10000000ULL
#define DELAY_MAX_NS	3600000000000ULL

struct options {
	/* What to show, on a screen of whatever size. */
	struct look look;
	/* 0: no end. */
	uint64_t count;
	bool batch;
	bool json;
	/* One scrape for Prometheus, to stdout or to a file. */
	bool metrics;
	const char *textfile; /* or NULL */
	const char *debugfs;
};

/* Ends the program after --help, --version or a wrong use. */
void options_parse(struct options *options, int argc, char **argv);

#endif
