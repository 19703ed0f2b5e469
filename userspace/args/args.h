/* SPDX-License-Identifier: GPL-2.0 */
/* How our programs read numbers, times and levels on their command lines. */
#ifndef ARGS_ARGS_H
#define ARGS_ARGS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "level.h"

#define ARGS_HOUR_NS 3600000000000ULL

/* False: @text is not a time, or one of more than an hour. */
typedef bool duration_reader(const char *text, uint64_t *ns);

/* A number and ns, us, ms or s; a plain number is us. */
duration_reader duration_read;

/*
 * What @text means as the argument of --@option. If it is not in the range,
 * these say so and end the program with the status of a wrong use.
 */
uint64_t arg_number(struct argp_state *state, const char *option,
		    const char *text, uint64_t least, uint64_t most);
uint64_t arg_time(struct argp_state *state, const char *option,
		  const char *text, duration_reader *read, uint64_t least_ns,
		  uint64_t most_ns);
/* --interval: a switch interval that the module accepts. */
uint64_t arg_interval(struct argp_state *state, const char *text);
/* --level: @least or a higher one. */
enum level arg_level(struct argp_state *state, const char *text,
		     enum level least);

/*
 * argp_parse() in the user's locale of characters, which ends the program with
 * @wrong_use if it fails. Also begins to watch the output; see output.h.
 */
void args_parse(const struct argp *argp, unsigned int flags, int wrong_use,
		int argc, char **argv, void *options);

#endif
