/* SPDX-License-Identifier: GPL-2.0 */
/* A recording of trace-cmd: its buffers, and all of its events in order. */
#ifndef GILREPORT_INPUT_H
#define GILREPORT_INPUT_H

#include "fields.h"

struct buffer;

struct input {
	const char *path;
	struct types types;
	/* Where the event at hand is: the clock, and the instance or NULL. */
	const char *clock;
	const char *instance;
	/* For input.c only: */
	struct buffer *buffers;
	int count;
	struct tracecmd_input *last;
	bool refused; /* and the reason has been printed */
	void (*use)(void *data, const struct input *input,
		    struct tep_record *record);
	void *data;
};

/*
 * 0, or -1 after printing why not. libtracecmd trusts what it reads. If it
 * crashes until input_close(), the program ends with a message and status 1.
 */
int input_open(struct input *input, const char *path);
void input_close(struct input *input);

/*
 * Call @use with @data for each event, in the order of the events' times.
 * Returns 0, or -1 after printing why this could not be done to the end.
 */
int input_each(struct input *input,
	       void (*use)(void *data, const struct input *input,
			   struct tep_record *record), void *data);

#endif
