// SPDX-License-Identifier: GPL-2.0
/* The three levels of use by name, and how a thread is bound at each. */
#include <string.h>

#include <linux/gil.h>

#include "level.h"

static const struct {
	const char *name;
	uint32_t flags;
} levels[] = {
	[LEVEL_MANUAL] = { "manual", 0 },
	[LEVEL_AUTO_IO] = { "auto-io", GIL_BIND_IO },
	[LEVEL_ENFORCED] = { "enforced", GIL_BIND_IO | GIL_BIND_SLICE },
};

int level_find(const char *name)
{
	for (int i = LEVEL_MANUAL; i <= LEVEL_ENFORCED; i++)
		if (!strcmp(levels[i].name, name))
			return i;
	return -1;
}

const char *level_name(enum level level)
{
	return levels[level].name;
}

uint32_t level_bind_flags(enum level level)
{
	return levels[level].flags;
}
