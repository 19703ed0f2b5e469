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
	char trace[256]; /* the recording's name, washed */
	uint64_t interval_ns; /* as told, or 0 */
};

/* What --json prints: everything except the lanes. */
json_t *document_make(const struct report *report);
/* What the page shows: the same with the lanes. */
json_t *document_with_lanes(const struct report *report);

/* 0, or an errno. The caller checks ferror() afterwards. */
int page_write(const struct report *report, FILE *file);
int perfetto_write(const struct report *report, FILE *file);
int csv_write_turns(const struct report *report, FILE *file);
int csv_write_threads(const struct report *report, FILE *file);
int csv_write_behind(const struct report *report, FILE *file);

/* Of page.S: the page up to its data, and the page after that. */
extern const char page_head[], page_tail[];
extern const uint64_t page_head_size, page_tail_size;

#endif
