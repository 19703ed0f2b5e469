/* SPDX-License-Identifier: GPL-2.0 */
/* What a machine may lack for our programs, and what to do about it. */
#ifndef ARGS_MISSING_H
#define ARGS_MISSING_H

#include <stdbool.h>

#include "level.h"

/* Is there no /dev/gil? If so, say it after @prefix, and end with @hint. */
bool missing_device(const char *prefix, const char *hint);

/*
 * What an error of /dev/gil means and what to do next, in place of strerror():
 * errors are worded for files, and here they are about locks.
 */
const char *missing_reason(int error);

/* Binding a thread failed with @error: say after @prefix why. */
void missing_level(const char *prefix, enum level level, int error);

#endif
