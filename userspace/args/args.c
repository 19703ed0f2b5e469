// SPDX-License-Identifier: GPL-2.0
/* How our programs read numbers, times and levels on their command lines. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/gil.h>

#include "args.h"
#include "output.h"

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 },
	{ "ns", 1 },	     { "", 1000 },
};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* A number in decimal without sign, and what follows it. */
static bool number_parse(const char *text, uint64_t *value, const char **rest)
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

bool duration_read(const char *text, uint64_t *ns)
{
	const char *rest;
	uint64_t value;

	if (!number_parse(text, &value, &rest))
		return false;
	for (size_t i = 0; i < LENGTH(units); i++) {
		if (strcmp(rest, units[i].name))
			continue;
		if (value > ARGS_HOUR_NS / units[i].ns)
			return false;
		*ns = value * units[i].ns;
		return true;
	}
	return false;
}

uint64_t arg_number(struct argp_state *state, const char *option,
		    const char *text, uint64_t least, uint64_t most)
{
	uint64_t value = 0;
	const char *rest;
	char to[40] = "";

	if (number_parse(text, &value, &rest) && !*rest && value >= least &&
	    value <= most)
		return value;
	if (most < UINT64_MAX)
		snprintf(to, sizeof(to), " and at most %llu",
			 (unsigned long long)most);
	argp_error(state, "--%s: '%s' is not a whole number of at least %llu%s",
		   option, text, (unsigned long long)least, to);
	return least;
}

/* In the largest unit that needs no fraction. */
static void duration_write(char *text, size_t size, uint64_t ns)
{
	size_t i = 0;

	while (ns % units[i].ns)
		i++;
	snprintf(text, size, "%llu%s", (unsigned long long)(ns / units[i].ns),
		 units[i].name);
}

uint64_t arg_time(struct argp_state *state, const char *option,
		  const char *text, duration_reader *read, uint64_t least_ns,
		  uint64_t most_ns)
{
	char least[32], most[32];
	uint64_t ns = 0;

	if (read(text, &ns) && ns >= least_ns && ns <= most_ns)
		return ns;
	duration_write(least, sizeof(least), least_ns);
	duration_write(most, sizeof(most), most_ns);
	argp_error(state,
		   "--%s: '%s' is not a time from %s to %s in whole ns, us, ms or s",
		   option, text, least, most);
	return least_ns;
}

uint64_t arg_interval(struct argp_state *state, const char *text)
{
	return arg_time(state, "interval", text, duration_read,
			GIL_INTERVAL_MIN_NS, GIL_INTERVAL_MAX_NS);
}

enum level arg_level(struct argp_state *state, const char *text,
		     enum level least)
{
	int found = level_find(text);

	if (found < (int)least)
		argp_error(state, "--level: '%s' is not %sauto-io or enforced",
			   text, least == LEVEL_MANUAL ? "manual, " : "");
	return (enum level)found;
}

void args_parse(const struct argp *argp, unsigned int flags, int wrong_use,
		int argc, char **argv, void *options)
{
	/* Which characters a terminal can show; numbers keep their point. */
	setlocale(LC_CTYPE, "");
	/* gilrun has the same status for both. */
	output_begin(wrong_use == 2 ? EXIT_FAILURE : wrong_use);
	argp_err_exit_status = wrong_use;
	if (argp_parse(argp, argc, argv, flags, NULL, options))
		exit(wrong_use);
}
