/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The option --report: the program is run once more, as a command that
 * gilrecord(8) records, and gilreport(1) makes a page of the recording.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdbool.h>
#include <stdint.h>

struct recording {
	/* The program's name, for messages, and its whole command line. */
	const char *name;
	char **argv;
	/* Where everything goes; made if it is not there. */
	const char *dir;
	/* The lock's switch interval; 0: not known. */
	uint64_t interval_ns;
	/* What to exit with if nothing was recorded, or could be shown. */
	int failure;
};

/*
 * To be asked once, while options are parsed. False in the run that is being
 * recorded, whose command line has the option too.
 */
bool recording_wanted(void);

/* Returns what to exit with: the recorded run's status if it was good. */
int recording_run(const struct recording *recording);

#endif
