/* SPDX-License-Identifier: GPL-2.0 */
/* The forms that a report is written in. */
#ifndef GILREPORT_REPORT_H
#define GILREPORT_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "figures.h"
#include "words.h"

struct report {
	const struct model *model;
	const struct figures *figures;
	const char *trace; /* the recording's name */
	uint64_t interval_ns; /* as told, or 0 */
};

/* Everything but what happened when: what --json prints. */
json_t *document_make(const struct report *report);
/* The same with the lanes: what the page shows. */
json_t *document_with_lanes(const struct report *report);

/* These write; the caller sees by ferror() whether it went well. */
void page_write(const struct report *report, FILE *file);
void perfetto_write(const struct report *report, FILE *file);
void csv_write_turns(const struct report *report, FILE *file);
void csv_write_threads(const struct report *report, FILE *file);

#endif
