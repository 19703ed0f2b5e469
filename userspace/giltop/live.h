/* SPDX-License-Identifier: GPL-2.0 */
/* The view on a terminal, until q. */
#ifndef GILTOP_LIVE_H
#define GILTOP_LIVE_H

#include "options.h"

/* The exit status; what went wrong has been said, the terminal is as before. */
int live_run(const struct options *options);

#endif
