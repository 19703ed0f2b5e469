/* SPDX-License-Identifier: GPL-2.0 */
/* What the JSON documents of our programs have in common. */
#ifndef ARGS_JSON_H
#define ARGS_JSON_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/*
 * A document: what it is and the machine that it is of, then the members of
 * @body, which it takes. NULL: no memory, or @body is NULL.
 */
json_t *document_new(const char *schema, json_t *body);

/* Write a document and take it. 0 or an errno; ENOMEM if it is NULL. */
int document_write(json_t *document, FILE *file, size_t flags);

/* Limited to INT64_MAX, because jansson's numbers have a sign. */
json_t *value_count(uint64_t value);

/* Text from outside, washed by wash_utf8(). NULL: no memory. */
json_t *value_text(const char *bytes);

#endif
