/* SPDX-License-Identifier: GPL-2.0 */
/* Which events gilreport reads, and how to read a field of a record. */
#ifndef GILREPORT_FIELDS_H
#define GILREPORT_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include <trace-cmd.h>

#include "model.h"

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

enum kind {
	/* first those of enum gil_kind */
	KIND_SWITCH = GIL_KINDS,
	KIND_WAKEUP,
	KIND_PRINT,
	KINDS,
};

struct event_type {
	int id;
	int kind;
	struct field fields[FIELDS];
};

#define TYPES_MAX 32

struct types {
	struct tep_handle *tep;
	struct event_type types[TYPES_MAX];
	size_t count;
	/* From an event's id to its type's index and 1; 0: not known. */
	unsigned char by_id[1 << 16];
};

/* False: the recording cannot have gil events. */
bool types_learn(struct types *types, struct tep_handle *tep);
/* The type of a record, or NULL if gilreport does not read such events. */
const struct event_type *types_find(const struct types *types,
				    struct tep_record *record);

uint64_t field_number(const struct types *types, const struct event_type *type,
		      const struct tep_record *record, enum field_name name);
/* The bytes as they are, and a NUL. */
void field_text(const struct event_type *type, const struct tep_record *record,
		enum field_name name, char *to, size_t room);

const char *gil_kind_name(enum gil_kind kind);

#endif
