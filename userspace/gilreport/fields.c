// SPDX-License-Identifier: GPL-2.0
/* Which events gilreport reads, and how to read a field of a record. */
#include <string.h>

#include "fields.h"

static const char *const field_names[FIELDS] = {
#define FIELD_NAME(name) \
	[FIELD_##name] = #name,
	FOR_EACH_FIELD(FIELD_NAME)
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

_Static_assert(KNOWN <= TYPES_MAX, "struct types has room for all of them");

const char *gil_kind_name(enum gil_kind kind)
{
	size_t i = 0;

	while (known[i].kind != (int)kind)
		i++;
	return known[i].name;
}

static void learn_type(struct types *types, struct tep_event *event, int kind)
{
	struct event_type *type = &types->types[types->count];

	if (event->id < 0 || event->id >= (int)sizeof(types->by_id))
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
	types->count++;
	types->by_id[event->id] = (unsigned char)types->count;
}

bool types_learn(struct types *types, struct tep_handle *tep)
{
	bool gil = false;

	types->tep = tep;
	for (size_t i = 0; i < KNOWN; i++) {
		struct tep_event *event =
			tep_find_event_by_name(tep, known[i].system,
					       known[i].name);

		if (!event)
			continue;
		learn_type(types, event, known[i].kind);
		gil |= known[i].kind < GIL_KINDS;
	}
	return gil;
}

const struct event_type *types_find(const struct types *types,
				    struct tep_record *record)
{
	int id = tep_data_type(types->tep, record);

	if (id < 0 || id >= (int)sizeof(types->by_id) || !types->by_id[id])
		return NULL;
	return &types->types[types->by_id[id] - 1];
}

uint64_t field_number(const struct types *types, const struct event_type *type,
		      const struct tep_record *record, enum field_name name)
{
	const struct field *field = &type->fields[name];
	uint64_t value;

	if (!field->size || field->size > sizeof(value) ||
	    field->offset + field->size > (unsigned int)record->size)
		return 0;
	value = tep_read_number(types->tep,
				(char *)record->data + field->offset,
				(int)field->size);
	if (field->is_signed && field->size == sizeof(int32_t))
		value = (uint64_t)(int64_t)(int32_t)value;
	return value;
}

void field_text(const struct event_type *type, const struct tep_record *record,
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
