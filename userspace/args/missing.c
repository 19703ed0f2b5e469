// SPDX-License-Identifier: GPL-2.0
/* What a machine may lack for our programs, and what to do about it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "missing.h"

bool missing_device(const char *prefix, const char *hint)
{
	if (!access("/dev/gil", F_OK))
		return false;
	fprintf(stderr,
		"%s: there is no /dev/gil: load the module ('make insmod', or 'make run' for a guest)%s\n",
		prefix, hint);
	return true;
}

void missing_level(const char *prefix, enum level level, int error)
{
	if (error == EOPNOTSUPP)
		fprintf(stderr,
			"%s: level %s is not available: the module's parameter 'level' forbids it, or this kernel cannot bind threads (see dmesg)\n",
			prefix, level_name(level));
	else
		fprintf(stderr, "%s: cannot bind a thread at level %s: %s\n",
			prefix, level_name(level), strerror(error));
}
