/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The option --report: run the same command line once more under gilrecord(8),
 * and let gilreport(1) make a page of the recording.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdbool.h>
#include <stdint.h>

struct recording {
	/* The program's name, for messages, and its whole command line. */
	const char *name;
	char **argv;
	/* The folder to write into; made if it does not exist. */
	const char *dir;
	/* The lock's switch interval; 0: not known. */
	uint64_t interval_ns;
	/* The status to exit with if recording or reporting failed. */
	int failure;
};

/*
 * Call this once, while options are parsed. False in the recorded run, whose
 * command line has the option too.
 */
bool recording_wanted(void);

/* The status to exit with: the recorded run's, if recording went well. */
int recording_run(const struct recording *recording);

#endif
