/* SPDX-License-Identifier: GPL-2.0 */
/* Which clock the times of a recording were read from. */
#ifndef GILREPORT_CLOCK_H
#define GILREPORT_CLOCK_H

#include <stdbool.h>

struct tracecmd_input;

/*
 * The name of the clock, or "" if the recording does not say it. Then it is
 * the kernel's default, whose unit is the nanosecond.
 */
const char *clock_name(struct tracecmd_input *input);
/* Are the times that libtracecmd reads nanoseconds? */
bool clock_is_in_ns(struct tracecmd_input *input);

#endif
