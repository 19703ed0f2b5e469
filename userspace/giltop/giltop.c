// SPDX-License-Identifier: GPL-2.0
/*
 * giltop: who owns each lock, who waits, and what each thread's time goes to,
 * as top does it, from the tables of the module in debugfs:
 *
 *	table, snapshot		read them
 *	view			compares two
 *	row, screen		make lines of text
 *	batch, json, live	say where these go
 *	metrics			writes one snapshot for Prometheus
 */
#include "batch.h"
#include "live.h"
#include "metrics.h"
#include "options.h"

int main(int argc, char **argv)
{
	struct options options;

	options_parse(&options, argc, argv);
	if (options.metrics)
		return metrics_run(&options);
	return options.batch ? batch_run(&options) : live_run(&options);
}
