// SPDX-License-Identifier: GPL-2.0
/* Read a trace.dat of trace-cmd into a model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "reader.h"

static void read_gil(struct model *model, const struct types *types,
		     const struct event_type *type,
		     const struct tep_record *record)
{
	struct gil_event event = {
		.kind = (enum gil_kind)type->kind,
		.time = record->ts,
		.lock = (uint32_t)field_number(types, type, record, FIELD_lock),
		.tid = (int32_t)field_number(types, type, record, FIELD_tid),
		.from_tid =
			(int32_t)field_number(types, type, record, FIELD_from_tid),
		.waiting = (uint32_t)field_number(types, type, record, FIELD_waiting),
		.contended =
			(uint32_t)field_number(types, type, record, FIELD_contended),
		.reason = (uint32_t)field_number(types, type, record, FIELD_reason),
		.flags = (uint32_t)field_number(types, type, record, FIELD_flags),
		.wait_ns = field_number(types, type, record, FIELD_wait_ns),
		.wakeup_ns = field_number(types, type, record, FIELD_wakeup_ns),
		.hold_ns = field_number(types, type, record, FIELD_hold_ns),
	};

	field_text(type, record,
		   type->kind == GIL_POLICY ? FIELD_policy : FIELD_comm,
		   event.name, sizeof(event.name));
	model_gil(model, &event);
}

static void read_switch(struct model *model, const struct types *types,
			const struct event_type *type,
			const struct tep_record *record)
{
	char prev[NAME_SIZE], next[NAME_SIZE];

	field_text(type, record, FIELD_prev_comm, prev, sizeof(prev));
	field_text(type, record, FIELD_next_comm, next, sizeof(next));
	model_switch(model, record->ts, (uint32_t)record->cpu,
		     (int32_t)field_number(types, type, record, FIELD_prev_pid),
		     prev, field_number(types, type, record, FIELD_prev_state),
		     (int32_t)field_number(types, type, record, FIELD_next_pid),
		     next);
}

static void read_wakeup(struct model *model, const struct types *types,
			const struct event_type *type,
			const struct tep_record *record)
{
	char name[NAME_SIZE];

	field_text(type, record, FIELD_comm, name, sizeof(name));
	model_wakeup(model, record->ts,
		     (int32_t)field_number(types, type, record, FIELD_pid), name);
}

/* What gilrecord wrote into the trace: "gilrecord: what=value". */
static void read_note(struct model *model, const struct event_type *type,
		      const struct tep_record *record)
{
	static const char mark[] = "gilrecord: ";
	const struct {
		const char *name;
		char *to;
		size_t room;
	} notes[] = {
		{ "command=", model->command, sizeof(model->command) },
		{ "kernel=", model->kernel, sizeof(model->kernel) },
	};
	unsigned int offset = type->fields[FIELD_buf].offset;
	const char *data = (const char *)record->data + offset;
	int size = record->size - (int)offset;
	char line[320];

	if (size <= (int)sizeof(mark) ||
	    memcmp(data, mark, sizeof(mark) - 1))
		return;
	snprintf(line, sizeof(line), "%.*s", size - (int)sizeof(mark) + 1,
		 data + sizeof(mark) - 1);
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
		size_t length = strlen(notes[i].name);

		if (!strncmp(line, notes[i].name, length))
			model_wash(notes[i].to, notes[i].room, line + length);
	}
}

static void read_record(void *data, const struct input *input,
			struct tep_record *record)
{
	const struct event_type *type = types_find(&input->types, record);
	struct model *model = data;

	model_event(model, record->ts, (uint32_t)record->cpu,
		    record->missed_events);
	model_wash(model->clock, sizeof(model->clock), input->clock);
	if (!type)
		return;
	if (type->kind < GIL_KINDS) {
		read_gil(model, &input->types, type, record);
		model_wash(model->instance, sizeof(model->instance),
			   input->instance ? input->instance : "");
	} else if (type->kind == KIND_SWITCH) {
		read_switch(model, &input->types, type, record);
	} else if (type->kind == KIND_WAKEUP) {
		read_wakeup(model, &input->types, type, record);
	} else {
		read_note(model, type, record);
	}
}

int reader_read(struct model *model, const char *path)
{
	struct input *input = xcalloc(1, sizeof(*input));
	int error = input_open(input, path);

	if (!error) {
		error = input_each(input, read_record, model);
		input_close(input);
	}
	free(input);
	if (error)
		return error;
	model_finish(model);
	if (!model->gil_events) {
		fprintf(stderr,
			"gilreport: %s has no event of a gil lock: either no program used a lock, or all of its events were lost\n",
			path);
		return -1;
	}
	return 0;
}
