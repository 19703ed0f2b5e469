/* SPDX-License-Identifier: GPL-2.0 */
/* Times on a command line: a number and ns, us, ms or s; plain numbers are us. */
#ifndef ARGS_DURATION_H
#define ARGS_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* A number in decimal without sign, and what follows it. */
bool number_parse(const char *text, uint64_t *value, const char **rest);

/* False: that is no time, or one of more than an hour. */
bool duration_parse(const char *text, uint64_t *ns);

#endif
