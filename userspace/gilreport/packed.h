/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers in few bytes, for the page: each in groups of 7 bits, the lowest
 * first, the last without the 0x80 that the others carry; and the whole in
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
