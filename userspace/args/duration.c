// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"

#define HOUR_NS 3600000000000ULL

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "", 1000 },	    { "ns", 1 },	   { "us", 1000 },
	{ "ms", 1000000 },  { "s", 1000000000 },
};

bool number_parse(const char *text, uint64_t *value, const char **rest)
{
	char *end;
	int saved = errno, error;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	*rest = end;
	error = errno;
	errno = saved;
	return !error;
}

bool duration_parse(const char *text, uint64_t *ns)
{
	const char *rest;
	uint64_t value;

	if (!number_parse(text, &value, &rest))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(rest, units[i].name))
			continue;
		if (value > HOUR_NS / units[i].ns)
			return false;
		*ns = value * units[i].ns;
		return true;
	}
	return false;
}
