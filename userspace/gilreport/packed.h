/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Encode numbers in few bytes, for the page. A number becomes groups of 7 bits,
 * the lowest first. Each group but the last carries 0x80. The bytes become
 * base64.
 */
#ifndef GILREPORT_PACKED_H
#define GILREPORT_PACKED_H

#include <stdint.h>

#include "array.h"

void packed_add(struct array *bytes, uint64_t number);
/* NUL-terminated, for the caller to free. Frees the bytes. */
char *packed_text(struct array *bytes);

#endif
