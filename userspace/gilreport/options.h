/* SPDX-License-Identifier: GPL-2.0 */
/* What the command line asked for. */
#ifndef GILREPORT_OPTIONS_H
#define GILREPORT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
	const char *trace;
	const char *output;
	uint64_t interval_ns; /* 0: to be learnt */
	bool json;
	bool events;
};

/* Ends the program after --help, --version or a wrong use. */
void options_parse(struct options *options, int argc, char **argv);

#endif
