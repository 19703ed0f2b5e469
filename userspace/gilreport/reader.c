// SPDX-License-Identifier: GPL-2.0
/* Read a trace.dat of trace-cmd into a model. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trace-cmd.h>

#include "reader.h"

/* A field of an event: where it is in a record. size 0: there is none. */
struct field {
	unsigned int offset;
	unsigned int size;
	bool is_signed;
};

/*
 * The fields that are read, by their names in the events: first those of gil
 * events, then those of sched events, then the one of ftrace's print.
 */
#define FOR_EACH_FIELD(X) \
	X(lock) X(tid) X(comm) X(from_tid) X(waiting) X(contended) X(reason) \
	X(wait_ns) X(wakeup_ns) X(hold_ns) X(policy) X(flags) \
	X(prev_pid) X(prev_comm) X(prev_state) X(next_pid) X(next_comm) X(pid) \
	X(buf)

enum field_name {
#define FIELD_NUMBER(name) FIELD_##name,
	FOR_EACH_FIELD(FIELD_NUMBER)
	FIELDS,
};

static const char *const field_names[FIELDS] = {
#define FIELD_NAME(name) \
	[FIELD_##name] = #name,
	FOR_EACH_FIELD(FIELD_NAME)
};

enum kind {
	/* first those of enum gil_kind */
	KIND_SWITCH = GIL_KINDS,
	KIND_WAKEUP,
	KIND_PRINT,
	KINDS,
};

static const struct {
	const char *system, *name;
	int kind;
} known[] = {
	{ "gil", "gil_request", GIL_REQUEST },
	{ "gil", "gil_wait", GIL_WAIT },
	{ "gil", "gil_grant", GIL_GRANT },
	{ "gil", "gil_acquire", GIL_ACQUIRE },
	{ "gil", "gil_release", GIL_RELEASE },
	{ "gil", "gil_drop_request", GIL_DROP_REQUEST },
	{ "gil", "gil_io_release", GIL_IO_RELEASE },
	{ "gil", "gil_take_back", GIL_TAKE_BACK },
	{ "gil", "gil_bind", GIL_BIND },
	{ "gil", "gil_unbind", GIL_UNBIND },
	{ "gil", "gil_owner_died", GIL_OWNER_DIED },
	{ "gil", "gil_policy", GIL_POLICY },
	{ "sched", "sched_switch", KIND_SWITCH },
	{ "sched", "sched_wakeup", KIND_WAKEUP },
	{ "sched", "sched_wakeup_new", KIND_WAKEUP },
	{ "sched", "sched_waking", KIND_WAKEUP },
	{ "ftrace", "print", KIND_PRINT },
};

#define KNOWN (sizeof(known) / sizeof(*known))

struct event_type {
	int id;
	int kind;
	struct field fields[FIELDS];
};

struct reader {
	struct model *model;
	struct tep_handle *tep;
	struct event_type types[KNOWN];
	size_t type_count;
	/* From an event's id to its type's index and 1; 0: not known. */
	unsigned char by_id[1 << 16];
};

static void learn_type(struct reader *reader, struct tep_event *event, int kind)
{
	struct event_type *type = &reader->types[reader->type_count];

	if (event->id < 0 || event->id >= (int)sizeof(reader->by_id))
		return;
	type->id = event->id;
	type->kind = kind;
	for (int i = 0; i < FIELDS; i++) {
		struct tep_format_field *field =
			tep_find_any_field(event, field_names[i]);

		if (!field)
			continue;
		type->fields[i] = (struct field){
			.offset = (unsigned int)field->offset,
			.size = (unsigned int)field->size,
			.is_signed = field->flags & TEP_FIELD_IS_SIGNED,
		};
	}
	reader->type_count++;
	reader->by_id[event->id] = (unsigned char)reader->type_count;
}

/* False: the recording cannot have gil events. */
static bool learn_types(struct reader *reader)
{
	bool gil = false;

	for (size_t i = 0; i < KNOWN; i++) {
		struct tep_event *event =
			tep_find_event_by_name(reader->tep, known[i].system,
					       known[i].name);

		if (!event)
			continue;
		learn_type(reader, event, known[i].kind);
		gil |= known[i].kind < GIL_KINDS;
	}
	return gil;
}

static uint64_t number(const struct reader *reader,
		       const struct event_type *type,
		       const struct tep_record *record, enum field_name name)
{
	const struct field *field = &type->fields[name];
	uint64_t value;

	if (!field->size || field->size > sizeof(value) ||
	    field->offset + field->size > (unsigned int)record->size)
		return 0;
	value = tep_read_number(reader->tep,
				(char *)record->data + field->offset,
				(int)field->size);
	if (field->is_signed && field->size == sizeof(int32_t))
		value = (uint64_t)(int64_t)(int32_t)value;
	return value;
}

static void text(const struct event_type *type, const struct tep_record *record,
		 enum field_name name, char *to, size_t room)
{
	const struct field *field = &type->fields[name];
	unsigned int size = field->size;

	*to = '\0';
	if (!size || field->offset >= (unsigned int)record->size)
		return;
	if (size > (unsigned int)record->size - field->offset)
		size = (unsigned int)record->size - field->offset;
	if (size > room - 1)
		size = (unsigned int)room - 1;
	memcpy(to, (char *)record->data + field->offset, size);
	to[size] = '\0';
}

static void read_gil(const struct reader *reader, const struct event_type *type,
		     const struct tep_record *record)
{
	struct gil_event event = {
		.kind = (enum gil_kind)type->kind,
		.time = record->ts,
		.lock = (uint32_t)number(reader, type, record, FIELD_lock),
		.tid = (int32_t)number(reader, type, record, FIELD_tid),
		.from_tid =
			(int32_t)number(reader, type, record, FIELD_from_tid),
		.waiting = (uint32_t)number(reader, type, record, FIELD_waiting),
		.contended =
			(uint32_t)number(reader, type, record, FIELD_contended),
		.reason = (uint32_t)number(reader, type, record, FIELD_reason),
		.flags = (uint32_t)number(reader, type, record, FIELD_flags),
		.wait_ns = number(reader, type, record, FIELD_wait_ns),
		.wakeup_ns = number(reader, type, record, FIELD_wakeup_ns),
		.hold_ns = number(reader, type, record, FIELD_hold_ns),
	};

	text(type, record, type->kind == GIL_POLICY ? FIELD_policy : FIELD_comm,
	     event.name, sizeof(event.name));
	model_gil(reader->model, &event);
}

static void read_switch(const struct reader *reader,
			const struct event_type *type,
			const struct tep_record *record)
{
	char prev[NAME_SIZE], next[NAME_SIZE];

	text(type, record, FIELD_prev_comm, prev, sizeof(prev));
	text(type, record, FIELD_next_comm, next, sizeof(next));
	model_switch(reader->model, record->ts, (uint32_t)record->cpu,
		     (int32_t)number(reader, type, record, FIELD_prev_pid),
		     prev, number(reader, type, record, FIELD_prev_state),
		     (int32_t)number(reader, type, record, FIELD_next_pid),
		     next);
}

static void read_wakeup(const struct reader *reader,
			const struct event_type *type,
			const struct tep_record *record)
{
	char name[NAME_SIZE];

	text(type, record, FIELD_comm, name, sizeof(name));
	model_wakeup(reader->model, record->ts,
		     (int32_t)number(reader, type, record, FIELD_pid), name);
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
		{ "clock=", model->clock, sizeof(model->clock) },
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
			snprintf(notes[i].to, notes[i].room, "%s",
				 line + length);
	}
}

static int read_record(struct tracecmd_input *input, struct tep_record *record,
		       int cpu, void *data)
{
	const struct reader *reader = data;
	int id = tep_data_type(reader->tep, record);
	const struct event_type *type;

	(void)input;
	model_event(reader->model, record->ts, (uint32_t)cpu,
		    record->missed_events);
	if (id < 0 || id >= (int)sizeof(reader->by_id) || !reader->by_id[id])
		return 0;
	type = &reader->types[reader->by_id[id] - 1];
	if (type->kind < GIL_KINDS)
		read_gil(reader, type, record);
	else if (type->kind == KIND_SWITCH)
		read_switch(reader, type, record);
	else if (type->kind == KIND_WAKEUP)
		read_wakeup(reader, type, record);
	else
		read_note(reader->model, type, record);
	return 0;
}

static int read_all(struct reader *reader, struct tracecmd_input *input,
		    const char *path)
{
	reader->tep = tracecmd_get_tep(input);
	if (!learn_types(reader)) {
		fprintf(stderr,
			"gilreport: %s has no gil events: load gil.ko before recording (see gilrecord(8))\n",
			path);
		return -1;
	}
	if (tracecmd_iterate_events(input, NULL, 0, read_record, reader)) {
		fprintf(stderr,
			"gilreport: %s cannot be read to its end: record it again\n",
			path);
		return -1;
	}
	model_finish(reader->model);
	if (!reader->model->gil_events) {
		fprintf(stderr,
			"gilreport: %s has no event of a gil lock: did the recorded command use one?\n",
			path);
		return -1;
	}
	return 0;
}

int reader_read(struct model *model, const char *path)
{
	struct tracecmd_input *input;
	struct reader *reader;
	FILE *file = fopen(path, "rb");
	int error;

	/* Because the library's own message does not say why. */
	if (!file) {
		fprintf(stderr, "gilreport: %s: %s\n", path, strerror(errno));
		return -1;
	}
	fclose(file);
	tracecmd_set_loglevel(TEP_LOG_NONE);
	input = tracecmd_open(path, TRACECMD_FL_LOAD_NO_PLUGINS);
	if (!input) {
		fprintf(stderr,
			"gilreport: %s is not a readable recording of trace-cmd: make one with gilrecord(8), or see whether 'trace-cmd report -i %s' says more\n",
			path, path);
		return -1;
	}
	reader = xcalloc(1, sizeof(*reader));
	reader->model = model;
	error = read_all(reader, input, path);
	free(reader);
	tracecmd_close(input);
	return error;
}
