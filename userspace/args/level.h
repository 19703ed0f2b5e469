/* SPDX-License-Identifier: GPL-2.0 */
/* The three levels of use by name, and how a thread is bound at each. */
#ifndef ARGS_LEVEL_H
#define ARGS_LEVEL_H

#include <stdint.h>

enum level {
	LEVEL_MANUAL,
	LEVEL_AUTO_IO,
	LEVEL_ENFORCED,
};

/* -1: there is no such level. */
int level_find(const char *name);
const char *level_name(enum level level);

/* GIL_BIND_*; 0 at the manual level, where no thread is bound. */
uint32_t level_bind_flags(enum level level);

#endif
