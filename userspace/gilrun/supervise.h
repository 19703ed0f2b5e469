/* SPDX-License-Identifier: GPL-2.0 */
/* Run the program as a child, stand in for it, and see how it ends. */
#ifndef GILRUN_SUPERVISE_H
#define GILRUN_SUPERVISE_H

#include <stdint.h>
#include <sys/resource.h>

#include <gil.h>

#include "options.h"
#include "records.h"

struct outcome {
	/* If the program could not begin, the status to exit with; else 0. */
	int failure;
	/* As of wait(2). */
	int status;
	uint64_t elapsed_ns;
	struct rusage usage;
};

/*
 * Returns when the program has ended and its descendants have too, or have had
 * one second to do so. -1: it could not be started, and stderr says why.
 */
int supervise(const struct options *options, gil_t *gil,
	      struct records *records, struct outcome *outcome);

/* Exit as the program did: with its status, or by its signal. */
_Noreturn void end_as(int status);

#endif
