/* SPDX-License-Identifier: GPL-2.0 */
/* Bind the calling thread to the lock, then become the program. */
#ifndef GILRUN_PROGRAM_H
#define GILRUN_PROGRAM_H

#include <gil.h>

#include "options.h"

/*
 * Returns only if that fails, after saying why: the status to exit with.
 */
int program_exec(const struct options *options, gil_t *gil);

#endif
