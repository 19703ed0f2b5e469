// SPDX-License-Identifier: GPL-2.0
/* Bind the calling thread to the lock, then become the program. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args/missing.h"
#include "args/wash.h"
#include "program.h"

static uint32_t bind_flags(const struct options *options)
{
	uint32_t flags = level_bind_flags(options->level) | GIL_BIND_INHERIT;

	return options->per_process ? flags | GIL_BIND_PER_PROCESS : flags;
}

static int bind_self(const struct options *options, gil_t *gil)
{
	int error = gil_bind(gil, bind_flags(options));

	/* Another gilrun has bound this thread: join the lock of that one. */
	if (error == EBUSY && !options->own_lock)
		return 0;
	if (error == EBUSY)
		fputs("gilrun: this process is under a lock already, as below "
		      "another gilrun, and no thread can have two: give the "
		      "options to the outer gilrun, or none to this one\n",
		      stderr);
	else if (error)
		missing_level("gilrun", options->level, error);
	return error;
}

int program_exec(const struct options *options, gil_t *gil)
{
	int error;

	if (bind_self(options, gil))
		return EXIT_OWN_FAILURE;
	execvp(options->program[0], options->program);
	error = errno;
	fprintf(stderr, "gilrun: cannot run '%s': %s\n",
		WASHED(options->program[0]), strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}
