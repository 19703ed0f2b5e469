/* SPDX-License-Identifier: GPL-2.0 */
/* Show the view on a terminal until the user presses q. */
#ifndef GILTOP_LIVE_H
#define GILTOP_LIVE_H

#include "options.h"

/*
 * Returns the exit status. Errors have been printed, and the terminal is as it
 * was before.
 */
int live_run(const struct options *options);

#endif
