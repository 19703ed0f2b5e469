// SPDX-License-Identifier: GPL-2.0
/* Read a trace.dat of trace-cmd into a model. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <trace-cmd.h>

#include "clock.h"
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

/* A part of the recording: the top buffer, or that of a trace instance. */
struct buffer {
	struct tracecmd_input *input;
	const char *instance; /* or NULL */
};

struct reader {
	struct model *model;
	const char *path;
	struct buffer *buffers;
	int buffer_count;
	struct tracecmd_input *last; /* the last event was in it */
	bool refused; /* and the reason has been printed */
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

static int refuse(struct reader *reader, const char *what, const char *why)
{
	fprintf(stderr,
		"gilreport: %s was recorded by the clock %s, %s: record again with gilrecord(8) or 'trace-cmd record -C mono'\n",
		reader->path, what, why);
	reader->refused = true;
	return -1;
}

/* All events must have times by one clock, in nanoseconds. */
static int use_clock(struct reader *reader, struct tracecmd_input *input)
{
	const char *name = clock_name(input);
	struct model *model = reader->model;

	if (!clock_is_in_ns(input))
		return refuse(reader, name, "whose times are not nanoseconds");
	if (reader->last && strcmp(name, model->clock))
		return refuse(reader, name, "and in part by another one");
	model_wash(model->clock, sizeof(model->clock), name);
	reader->last = input;
	return 0;
}

static void learn_instance(const struct reader *reader)
{
	struct model *model = reader->model;

	for (int i = 0; i < reader->buffer_count; i++)
		if (reader->buffers[i].input == reader->last &&
		    reader->buffers[i].instance)
			model_wash(model->instance, sizeof(model->instance),
				   reader->buffers[i].instance);
}

static int read_record(struct tracecmd_input *input, struct tep_record *record,
		       int index, void *data)
{
	struct reader *reader = data;
	int id = tep_data_type(reader->tep, record);
	const struct event_type *type;

	(void)index;
	if (input != reader->last && use_clock(reader, input))
		return -1;
	model_event(reader->model, record->ts, (uint32_t)record->cpu,
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
	if (type->kind < GIL_KINDS && !*reader->model->instance)
		learn_instance(reader);
	return 0;
}

static int cannot(const char *path, const char *why)
{
	fprintf(stderr, "gilreport: %s %s\n", path, why);
	return -1;
}

/* Each buffer of the recording, in the order of the events' times. */
static int read_events(struct reader *reader)
{
	struct tracecmd_input **inputs =
		xcalloc((size_t)reader->buffer_count, sizeof(*inputs));
	int error;

	for (int i = 0; i < reader->buffer_count; i++)
		inputs[i] = reader->buffers[i].input;
	error = tracecmd_iterate_events_multi(inputs, reader->buffer_count,
					      read_record, reader);
	free(inputs);
	return error;
}

static int read_all(struct reader *reader)
{
	reader->tep = tracecmd_get_tep(reader->buffers[0].input);
	if (!learn_types(reader))
		return cannot(reader->path,
			      "has no gil events: load gil.ko before recording (see gilrecord(8))");
	if (read_events(reader))
		return reader->refused ? -1 :
		       cannot(reader->path,
			      "cannot be read to its end: record it again");
	model_finish(reader->model);
	if (!reader->model->gil_events)
		return cannot(reader->path,
			      "has no event of a gil lock: did the recorded command use one?");
	return 0;
}

/* Fills @reader->buffers. */
static int open_buffers(struct reader *reader)
{
	struct tracecmd_input *top =
		tracecmd_open(reader->path, TRACECMD_FL_LOAD_NO_PLUGINS);
	int instances = top ? tracecmd_buffer_instances(top) : 0;

	if (!top)
		return -1;
	reader->buffers = xcalloc((size_t)instances + 1,
				  sizeof(*reader->buffers));
	reader->buffers[reader->buffer_count++].input = top;
	for (int i = 0; i < instances; i++) {
		struct buffer *buffer = &reader->buffers[reader->buffer_count];

		buffer->input = tracecmd_buffer_instance_handle(top, i);
		buffer->instance = tracecmd_buffer_instance_name(top, i);
		if (!buffer->input)
			return -1;
		reader->buffer_count++;
	}
	return 0;
}

static void close_buffers(struct reader *reader)
{
	while (reader->buffer_count)
		tracecmd_close(reader->buffers[--reader->buffer_count].input);
	free(reader->buffers);
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

/*
 * libtracecmd trusts what it reads. If a damaged recording makes it crash, say
 * that; nothing has been written yet.
 */
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

int reader_read(struct model *model, const char *path)
{
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
	reader = xcalloc(1, sizeof(*reader));
	reader->model = model;
	reader->path = path;
	expect_crash(path, true);
	if (open_buffers(reader)) {
		error = -1;
		fprintf(stderr,
			"gilreport: %s is not a readable recording of trace-cmd: make one with gilrecord(8), or see whether 'trace-cmd report -i %s' says more\n",
			path, path);
	} else {
		error = read_all(reader);
	}
	close_buffers(reader);
	expect_crash(path, false);
	free(reader);
	return error;
}
