/* SPDX-License-Identifier: GPL-2.0 */
/* One scrape for Prometheus, of all counters and of what is so at this moment. */
#ifndef GILTOP_METRICS_H
#define GILTOP_METRICS_H

#include "options.h"

/* Write it to stdout or, for node_exporter, to a file; the exit status. */
int metrics_run(const struct options *options);

#endif
