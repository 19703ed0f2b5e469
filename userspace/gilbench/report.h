/* SPDX-License-Identifier: GPL-2.0 */
/* Results as text for people, or as one JSON document. */
#ifndef GILBENCH_REPORT_H
#define GILBENCH_REPORT_H

#include <jansson.h>

#include "options.h"
#include "result.h"

void report_text(const struct result *result);

/* NULL: out of memory. */
json_t *report_json(const struct options *options);
int report_json_add(json_t *document, const struct result *result);

#endif
