// SPDX-License-Identifier: GPL-2.0
/* Make text from outside safe to write, in JSON, in HTML and to a terminal. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "wash.h"

/* The length of the character at @s if it is allowed, otherwise 0. */
typedef size_t allowed_fn(const unsigned char *s, size_t room);

/* A character of UTF-8 that is whole and well-formed. */
static size_t utf8_allowed(const unsigned char *s, size_t room)
{
	size_t length = *s < 0x80 ? 1 :
			*s >= 0xc2 && *s < 0xe0 ? 2 :
			*s >= 0xe0 && *s < 0xf0 ? 3 :
			*s >= 0xf0 && *s < 0xf5 ? 4 : 0;

	if (!length || length > room)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong, surrogates, past the last code point. */
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

/* Invisible characters of Unicode that join or turn round other text. */
static bool is_invisible(wchar_t c)
{
	return c == 0x61c || c == 0x180e || c == 0xfeff ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c >= 0xe0000;
}

static size_t decode(wchar_t *c, const void *s, size_t room)
{
	mbstate_t state = { 0 };
	size_t length = mbrtowc(c, s, room, &state);

	return length == (size_t)-1 || length == (size_t)-2 ? 0 : length;
}

static size_t terminal_allowed(const unsigned char *s, size_t room)
{
	wchar_t c;
	size_t length = decode(&c, s, room);

	return length && iswprint((wint_t)c) && wcwidth(c) >= 0 &&
	       !is_invisible(c) ? length : 0;
}

static char *wash(char *to, size_t size, const char *from, allowed_fn *allowed)
{
	size_t left = strnlen(from, size - 1), length;
	char *at = to;

	for (; left; at += length, from += length, left -= length) {
		length = allowed((const unsigned char *)from, left);
		if (length)
			memmove(at, from, length);
		else
			*at = '?';
		length += !length;
	}
	*at = '\0';
	return to;
}

char *wash_utf8(char *to, size_t size, const char *from)
{
	return wash(to, size, from, utf8_allowed);
}

char *wash_terminal(char *to, size_t size, const char *from)
{
	return wash(to, size, from, terminal_allowed);
}

/* The bytes of @text that fit into @columns; counts in @used what they take. */
static size_t fitting(const char *text, int columns, int *used)
{
	size_t at = 0, length;
	wchar_t c;

	for (*used = 0; text[at]; at += length) {
		int width = 1;

		length = decode(&c, text + at, strlen(text + at));
		if (length)
			width = wcwidth(c);
		else
			length = 1;
		if (*used + width > columns)
			break;
		*used += width;
	}
	return at;
}

int wash_columns(const char *text)
{
	int used;

	fitting(text, INT_MAX, &used);
	return used;
}

void wash_cut(char *text, int columns)
{
	int used;

	text[fitting(text, columns, &used)] = '\0';
}

int wash_width(const char *text, int columns)
{
	return (int)strlen(text) + columns - wash_columns(text);
}
