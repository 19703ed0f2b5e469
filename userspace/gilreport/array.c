// SPDX-License-Identifier: GPL-2.0
/* Arrays that grow at their end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"

#define FIRST_ROOM 16

static void no_memory(void)
{
	fputs("gilreport: out of memory: record less, or use a larger machine\n",
	      stderr);
	exit(EXIT_FAILURE);
}

void *xcalloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		no_memory();
	return memory;
}

void *array_push(struct array *array, size_t size)
{
	void *place;

	if (array->count == array->room) {
		size_t room = array->room ? array->room * 2 : FIRST_ROOM;
		void *data = reallocarray(array->data, room, size);

		if (!data)
			no_memory();
		array->data = data;
		array->room = room;
	}
	place = (char *)array->data + array->count++ * size;
	memset(place, 0, size);
	return place;
}

void array_free(struct array *array)
{
	free(array->data);
	*array = (struct array){ 0 };
}
