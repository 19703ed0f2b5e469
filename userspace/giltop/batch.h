/* SPDX-License-Identifier: GPL-2.0 */
/* Pictures as lines, or as JSON documents, one after the other on stdout. */
#ifndef GILTOP_BATCH_H
#define GILTOP_BATCH_H

#include "options.h"

/* The exit status; an error has been reported. */
int batch_run(const struct options *options);

#endif
