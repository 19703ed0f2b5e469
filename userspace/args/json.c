// SPDX-License-Identifier: GPL-2.0
/* What the JSON documents of our programs have in common. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "json.h"
#include "wash.h"

static int cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 0 : CPU_COUNT(&set);
}

json_t *document_new(const char *schema, json_t *body)
{
	struct utsname names;
	json_t *document;

	uname(&names);
	document = json_pack("{s:s, s:o, s:o, s:i, s:s}",
			     "schema", schema,
			     "kernel", value_text(names.release),
			     "machine", value_text(names.machine),
			     "cpus", cpus(),
			     "clock", "CLOCK_MONOTONIC");
	if (json_object_update_new(document, body)) {
		json_decref(document);
		return NULL;
	}
	return document;
}

int document_write(json_t *document, FILE *file, size_t flags)
{
	int error = 0;

	if (!document)
		return ENOMEM;
	errno = 0;
	if (json_dumpf(document, file, flags | JSON_REAL_PRECISION(9)) ||
	    fputc('\n', file) == EOF || fflush(file))
		error = errno ? errno : EIO;
	json_decref(document);
	return error;
}

json_t *value_count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *value_text(const char *bytes)
{
	size_t size = strlen(bytes) + 1;
	char *text = malloc(size);
	json_t *string = NULL;

	if (text)
		string = json_string(wash_utf8(text, size, bytes));
	free(text);
	return string;
}
