/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A table of the module in debugfs has a line of column names, then for each row
 * a line of as many words, separated by blanks. Columns are found by name, so
 * that a module may have more columns than are wanted.
 */
#ifndef GILTOP_TABLE_H
#define GILTOP_TABLE_H

#include <stddef.h>

enum field_type {
	FIELD_NUMBER,		/* uint64_t; decimal, or hexadecimal after 0x */
	FIELD_TEXT,		/* char[]; the kernel's octal escapes are undone */
};

/* A column that is wanted, and where it goes in a row. */
struct field {
	const char *name;
	enum field_type type;
	size_t offset;
	size_t size;
};

#define TABLE_ERROR_MAX	160

/*
 * The rows of a table, in an array that the caller frees. @text is changed; it
 * need not end with a NUL and may contain anything. NULL: it is not such a
 * table, or memory ran out; @error, of TABLE_ERROR_MAX bytes, says which.
 */
void *table_parse(char *text, size_t length, const struct field *fields,
		  size_t field_count, size_t row_size, size_t *rows,
		  char *error);

#endif
