// SPDX-License-Identifier: GPL-2.0
/* A recording of trace-cmd: its buffers, and all of its events in order. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "input.h"

/* A part of the recording: the top buffer, or that of a trace instance. */
struct buffer {
	struct tracecmd_input *input;
	const char *instance; /* or NULL */
};

static int refuse(struct input *input, const char *clock, const char *why)
{
	fprintf(stderr,
		"gilreport: %s was recorded by the clock %s, %s: record again with gilrecord(8) or 'trace-cmd record -C mono'\n",
		input->path, clock, why);
	input->refused = true;
	return -1;
}

/* All events must have times by one clock, in nanoseconds. */
static int enter_buffer(struct input *input, struct tracecmd_input *from)
{
	const char *clock = clock_name(from);

	if (!clock_is_in_ns(from))
		return refuse(input, clock, "whose times are not nanoseconds");
	if (input->last && strcmp(clock, input->clock))
		return refuse(input, clock, "and in part by another one");
	input->last = from;
	input->clock = clock;
	for (int i = 0; i < input->count; i++)
		if (input->buffers[i].input == from)
			input->instance = input->buffers[i].instance;
	return 0;
}

static int pass(struct tracecmd_input *from, struct tep_record *record,
		int index, void *data)
{
	struct input *input = data;

	(void)index;
	if (from != input->last && enter_buffer(input, from))
		return -1;
	input->use(input->data, input, record);
	return 0;
}

int input_each(struct input *input,
	       void (*use)(void *data, const struct input *input,
			   struct tep_record *record), void *data)
{
	struct tracecmd_input **inputs =
		xcalloc((size_t)input->count, sizeof(*inputs));
	int error;

	input->use = use;
	input->data = data;
	for (int i = 0; i < input->count; i++)
		inputs[i] = input->buffers[i].input;
	error = tracecmd_iterate_events_multi(inputs, input->count, pass,
					      input);
	free(inputs);
	if (error && !input->refused)
		fprintf(stderr,
			"gilreport: %s cannot be read to its end: record it again\n",
			input->path);
	return error ? -1 : 0;
}

static int open_buffers(struct input *input)
{
	struct tracecmd_input *top =
		tracecmd_open(input->path, TRACECMD_FL_LOAD_NO_PLUGINS);
	int instances = top ? tracecmd_buffer_instances(top) : 0;

	if (!top)
		return -1;
	input->buffers = xcalloc((size_t)instances + 1,
				 sizeof(*input->buffers));
	input->buffers[input->count++].input = top;
	for (int i = 0; i < instances; i++) {
		struct buffer *buffer = &input->buffers[input->count];

		buffer->input = tracecmd_buffer_instance_handle(top, i);
		buffer->instance = tracecmd_buffer_instance_name(top, i);
		if (!buffer->input)
			return -1;
		input->count++;
	}
	return 0;
}

static const char *damaged_path;

static void say_damaged(int number)
{
	static const char *const parts[] = {
		"gilreport: ", NULL,
		" is damaged: libtracecmd crashed while reading it. Record it again\n",
	};

	(void)number;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const char *part = parts[i] ? parts[i] : damaged_path;

		if (write(STDERR_FILENO, part, strlen(part)) < 0)
			break;
	}
	_exit(EXIT_FAILURE);
}

static void expect_crash(const char *path, bool expect)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGABRT };
	static struct sigaction before[sizeof(signals) / sizeof(*signals)];
	const struct sigaction action = { .sa_handler = say_damaged };

	damaged_path = path;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (expect)
			sigaction(signals[i], &action, &before[i]);
		else
			sigaction(signals[i], &before[i], NULL);
}

int input_open(struct input *input, const char *path)
{
	FILE *file = fopen(path, "rb");

	*input = (struct input){ .path = path };
	/* Because the library's own message does not say why. */
	if (!file) {
		fprintf(stderr, "gilreport: %s: %s\n", path, strerror(errno));
		return -1;
	}
	fclose(file);
	tracecmd_set_loglevel(TEP_LOG_NONE);
	expect_crash(path, true);
	if (open_buffers(input)) {
		fprintf(stderr,
			"gilreport: %s is not a readable recording of trace-cmd: make one with gilrecord(8), or see whether 'trace-cmd report -i %s' says more\n",
			path, path);
		input_close(input);
		return -1;
	}
	if (!types_learn(&input->types,
			 tracecmd_get_tep(input->buffers[0].input))) {
		fprintf(stderr,
			"gilreport: %s has no gil events: load gil.ko before recording (see gilrecord(8))\n",
			path);
		input_close(input);
		return -1;
	}
	return 0;
}

void input_close(struct input *input)
{
	while (input->count)
		tracecmd_close(input->buffers[--input->count].input);
	free(input->buffers);
	expect_crash(NULL, false);
}
