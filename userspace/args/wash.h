/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Make text from outside safe to write: names of threads, commands and files
 * are bytes that anybody may choose.
 */
#ifndef ARGS_WASH_H
#define ARGS_WASH_H

#include <limits.h>
#include <stddef.h>

/*
 * Copy @from into @to, which has @size bytes, and return @to. What does not fit
 * is cut off. Each byte that is not allowed becomes '?', so the copy is never
 * longer than the text; @to may be @from.
 *
 * wash_utf8() is for JSON and HTML: everything is allowed that is UTF-8.
 *
 * wash_terminal() is for terminals: everything is allowed that the locale can
 * print and that does not change the order of what stands beside it.
 * args_parse() sets the locale.
 */
char *wash_utf8(char *to, size_t size, const char *from);
char *wash_terminal(char *to, size_t size, const char *from);

/* In a message: text that is safe until the end of the block. */
/* clang-format off */
#define WASHED(text) wash_terminal((char[PATH_MAX]) { "" }, PATH_MAX, text)
/* clang-format on */

/* How many columns a text of wash_terminal() takes on a terminal. */
int wash_columns(const char *text);

/* Shorten such a text to at most @columns. */
void wash_cut(char *text, int columns);

/* The field width with which printf() fills @columns with such a text. */
int wash_width(const char *text, int columns);

#endif
