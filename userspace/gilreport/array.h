/* SPDX-License-Identifier: GPL-2.0 */
/* Arrays that grow at their end. Running out of memory ends the program. */
#ifndef GILREPORT_ARRAY_H
#define GILREPORT_ARRAY_H

#include <stddef.h>

struct array {
	void *data;
	size_t count;
	size_t room;
};

/* A place for one more element, zeroed. Moves the others. */
void *array_push(struct array *array, size_t size);
void array_free(struct array *array);

#define array_at(array, type, index) (((type *)(array)->data) + (index))

/* Memory, zeroed. */
void *xcalloc(size_t count, size_t size);

#endif
