// SPDX-License-Identifier: GPL-2.0
/* Read a table whose columns are found by name. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define COLUMNS_MAX 128

/* For each column of the table, the field that it goes to, or NULL. */
struct header {
	const struct field *field[COLUMNS_MAX];
	size_t columns;
};

/* A table being read: what is left of it, and the line that is next. */
struct reader {
	char *next;
	char *end;
	size_t line;
	char *error;
};

__attribute__((format(printf, 2, 3)))
static bool complain(struct reader *reader, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reader->error, TABLE_ERROR_MAX, format, arguments);
	va_end(arguments);
	return false;
}

/* The next line, as a string; NULL: there is none, or it has no end. */
static char *next_line(struct reader *reader)
{
	size_t left = (size_t)(reader->end - reader->next);
	char *line = reader->next;
	char *end = memchr(line, '\n', left);

	reader->line++;
	if (!end) {
		complain(reader, left ? "line %zu is cut short" :
			 "there is no line %zu", reader->line);
		return NULL;
	}
	*end = '\0';
	if (strlen(line) != (size_t)(end - line)) {
		complain(reader, "line %zu has a NUL byte", reader->line);
		return NULL;
	}
	reader->next = end + 1;
	return line;
}

static const struct field *find(const struct field *fields, size_t count,
				const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

static bool has(const struct header *header, const struct field *field)
{
	for (size_t i = 0; i < header->columns; i++)
		if (header->field[i] == field)
			return true;
	return false;
}

static bool read_header(struct reader *reader, const struct field *fields,
			size_t count, struct header *header)
{
	char *rest = next_line(reader);
	char *name;

	header->columns = 0;
	if (!rest)
		return false;
	while ((name = strsep(&rest, " "))) {
		if (header->columns == COLUMNS_MAX)
			return complain(reader, "there are too many columns");
		header->field[header->columns++] = find(fields, count, name);
	}
	for (size_t i = 0; i < count; i++)
		if (!has(header, &fields[i]))
			return complain(reader, "there is no column '%s'",
					fields[i].name);
	return true;
}

static bool read_number(const char *word, uint64_t *value)
{
	bool hexadecimal = word[0] == '0' && word[1] == 'x';
	const char *digits = hexadecimal ? word + 2 : word;
	char *end;

	/* strtoull() would take a sign or blanks. */
	if (!strspn(digits, hexadecimal ? "0123456789abcdef" : "0123456789"))
		return false;
	errno = 0;
	*value = strtoull(digits, &end, hexadecimal ? 16 : 10);
	return !*end && !errno;
}

static bool is_octal(const char *text)
{
	return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' &&
	       text[1] <= '7' && text[2] >= '0' && text[2] <= '7';
}

/* Text that is too long is cut. */
static void read_text(const char *word, char *text, size_t size)
{
	size_t n = 0;

	while (*word && n < size - 1) {
		if (word[0] == '\\' && is_octal(word + 1)) {
			text[n++] = (char)((word[1] - '0') << 6 |
					   (word[2] - '0') << 3 |
					   (word[3] - '0'));
			word += 4;
		} else {
			text[n++] = *word++;
		}
	}
	text[n] = '\0';
}

static bool read_field(struct reader *reader, const struct field *field,
		       const char *word, char *row)
{
	uint64_t value;

	if (!field)
		return true;
	if (field->type == FIELD_TEXT) {
		read_text(word, row + field->offset, field->size);
		return true;
	}
	if (!read_number(word, &value))
		return complain(reader, "line %zu: %s is '%.20s', which is not a number",
				reader->line, field->name, word);
	memcpy(row + field->offset, &value, sizeof(value));
	return true;
}

static bool read_row(struct reader *reader, const struct header *header,
		     char *row)
{
	char *rest = next_line(reader);
	char *word;

	if (!rest)
		return false;
	for (size_t i = 0; i < header->columns; i++) {
		word = strsep(&rest, " ");
		if (!word)
			return complain(reader, "line %zu has %zu words, not %zu",
					reader->line, i, header->columns);
		if (!read_field(reader, header->field[i], word, row))
			return false;
	}
	if (rest)
		return complain(reader, "line %zu has more than %zu words",
				reader->line, header->columns);
	return true;
}

static size_t count_lines(const struct reader *reader)
{
	size_t lines = 0;

	for (const char *c = reader->next; c < reader->end; c++)
		lines += *c == '\n';
	return lines;
}

void *table_parse(char *text, size_t length, const struct field *fields,
		  size_t field_count, size_t row_size, size_t *rows,
		  char *error)
{
	struct reader reader = {
		.next = text,
		.end = text + length,
		.error = error,
	};
	struct header header;
	char *table;

	*rows = 0;
	if (!read_header(&reader, fields, field_count, &header))
		return NULL;
	/* One more, so that an empty table is not NULL. */
	table = calloc(count_lines(&reader) + 1, row_size);
	if (!table) {
		complain(&reader, "out of memory");
		return NULL;
	}
	while (reader.next < reader.end) {
		if (!read_row(&reader, &header, table + *rows * row_size)) {
			free(table);
			*rows = 0;
			return NULL;
		}
		++*rows;
	}
	return table;
}
