// SPDX-License-Identifier: GPL-2.0
/* Write report.html: the page with the report in it. */
#include <errno.h>

#include "report.h"

/* In a script element nothing may look like markup, not even threads' names. */
static int put_escaped(const char *text, size_t size, void *data)
{
	FILE *file = data;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '<')
			fputs("\\u003c", file);
		else
			putc_unlocked(text[i], file);
	}
	return 0;
}

int page_write(const struct report *report, FILE *file)
{
	json_t *document = document_with_lanes(report);
	int error;

	fwrite(page_head, 1, page_head_size, file);
	error = json_dump_callback(document, put_escaped, file, JSON_COMPACT);
	fwrite(page_tail, 1, page_tail_size, file);
	json_decref(document);
	return error ? ENOMEM : 0;
}
