// SPDX-License-Identifier: GPL-2.0
/* A full disk or a closed standard output does not go unnoticed. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

static int failure_status;
static bool said;

void output_failed(int error)
{
	if (error != EPIPE && !said)
		fprintf(stderr, "%s: cannot write the output: %s\n",
			program_invocation_short_name, strerror(error));
	said = true;
}

static void close_output(void)
{
	bool wrote = __fpending(stdout) > 0, failed = ferror(stdout);
	int error = failed ? EIO : 0;

	errno = 0;
	/* It may have been closed from the start: then it must be unused. */
	if (fclose(stdout) && (wrote || errno != EBADF)) {
		failed = true;
		error = errno;
	}
	if (!failed || error == EPIPE)
		return;
	output_failed(error);
	_exit(failure_status);
}

/*
 * If a standard descriptor is closed, a file that is opened would get its
 * number, and output would go into that file. Writing to these placeholders
 * fails, and exec closes them.
 */
static void fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void output_begin(int failure)
{
	failure_status = failure;
	fill_descriptors();
	atexit(close_output);
}
