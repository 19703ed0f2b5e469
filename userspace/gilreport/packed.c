// SPDX-License-Identifier: GPL-2.0
/* Encode numbers for the page: seven bits to a byte, the bytes as base64. */
#include "packed.h"

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void packed_add(struct array *bytes, uint64_t number)
{
	unsigned char more;

	do {
		more = number > 0x7f ? 0x80 : 0;
		*(unsigned char *)array_push(bytes, 1) =
			(unsigned char)((number & 0x7f) | more);
		number >>= 7;
	} while (more);
}

static unsigned int byte(const struct array *bytes, size_t index)
{
	return index < bytes->count ?
	       *array_at(bytes, unsigned char, index) : 0;
}

char *packed_text(struct array *bytes)
{
	size_t groups = (bytes->count + 2) / 3;
	char *text = xcalloc(groups * 4 + 1, 1);

	for (size_t i = 0; i < groups; i++) {
		unsigned int bits = byte(bytes, 3 * i) << 16 |
				    byte(bytes, 3 * i + 1) << 8 |
				    byte(bytes, 3 * i + 2);

		for (unsigned int j = 0; j < 4; j++)
			text[4 * i + j] = digits[bits >> (18 - 6 * j) & 63];
	}
	for (size_t i = bytes->count; i < groups * 3; i++)
		text[groups * 4 - 1 - (i - bytes->count)] = '=';
	array_free(bytes);
	return text;
}
