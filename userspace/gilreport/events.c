// SPDX-License-Identifier: GPL-2.0
/* Print the events of a recording as text, as trace-cmd report does. */
#include <errno.h>
#include <stdlib.h>

#include "args/output.h"
#include "events.h"
#include "input.h"

#define LINE_SIZE 4096

struct printer {
	struct map users; /* the tids of the threads that used a lock */
	struct trace_seq text;
	FILE *file;
	int error; /* of the file, or 0 */
};

static bool is_user(const struct printer *printer, const struct types *types,
		    const struct event_type *type,
		    const struct tep_record *record, enum field_name name)
{
	uint64_t tid = field_number(types, type, record, name);

	return map_get(&printer->users, (uint32_t)tid) != NONE;
}

static bool is_wanted(const struct printer *printer, const struct types *types,
		      const struct event_type *type,
		      const struct tep_record *record)
{
	switch (type->kind) {
	case KIND_SWITCH:
		return is_user(printer, types, type, record, FIELD_prev_pid) ||
		       is_user(printer, types, type, record, FIELD_next_pid);
	case KIND_WAKEUP:
		return is_user(printer, types, type, record, FIELD_pid);
	default:
		return type->kind < GIL_KINDS;
	}
}

static void print_record(void *data, const struct input *input,
			 struct tep_record *record)
{
	const struct event_type *type = types_find(&input->types, record);
	struct printer *printer = data;
	char line[LINE_SIZE];

	if (printer->error)
		return;
	if (record->missed_events > 0)
		fprintf(printer->file, "CPU:%d [%lld EVENTS DROPPED]\n",
			record->cpu, record->missed_events);
	else if (record->missed_events)
		fprintf(printer->file, "CPU:%d [EVENTS DROPPED]\n", record->cpu);
	if (!type || !is_wanted(printer, &input->types, type, record))
		return;
	trace_seq_reset(&printer->text);
	tep_print_event(input->types.tep, &printer->text, record,
			"%16s-%-5d [%03d] %s %6.1000d: %s: %s", TEP_PRINT_COMM,
			TEP_PRINT_PID, TEP_PRINT_CPU, TEP_PRINT_LATENCY,
			TEP_PRINT_TIME, TEP_PRINT_NAME, TEP_PRINT_INFO);
	trace_seq_terminate(&printer->text);
	model_wash(line, sizeof(line), printer->text.buffer);
	if (fprintf(printer->file, "%s\n", line) < 0)
		printer->error = errno;
}

static const char *or_unknown(const char *text)
{
	return *text ? text : "not recorded";
}

static void print_counts(const struct model *model, FILE *file)
{
	fprintf(file, "# command: %s\n", or_unknown(model->command));
	fprintf(file, "# clock: %s\n", or_unknown(model->clock));
	fprintf(file, "# trace instance: %s\n", or_unknown(model->instance));
	fprintf(file, "# events in the recording: %llu\n",
		(unsigned long long)model->events);
	fprintf(file, "# contended: %llu\n",
		(unsigned long long)model->contended);
	for (int i = 0; i < GIL_KINDS; i++)
		if (model->counts[i])
			fprintf(file, "# %s: %llu\n", gil_kind_name(i),
				(unsigned long long)model->counts[i]);
	fprintf(file, "# below: the events of the threads that used a gil lock\n");
}

int events_print(const struct model *model, const char *path, FILE *file)
{
	struct printer printer = { .file = file };
	struct input *input = xcalloc(1, sizeof(*input));
	int error = input_open(input, path);

	for (uint32_t i = 0; i < model->threads.count; i++)
		if (model_thread(model, i)->seats != NONE)
			map_set(&printer.users,
				(uint32_t)model_thread(model, i)->tid, i);
	trace_seq_init(&printer.text);
	if (!error) {
		print_counts(model, file);
		error = input_each(input, print_record, &printer);
		input_close(input);
	}
	if (!error && !printer.error && fflush(file))
		printer.error = errno;
	if (printer.error) {
		output_failed(printer.error);
		error = -1;
	}
	trace_seq_destroy(&printer.text);
	map_free(&printer.users);
	free(input);
	return error;
}
