/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The picture, as lines of text that fit the screen, for the live view and the
 * batch mode.
 */
#ifndef GILTOP_SCREEN_H
#define GILTOP_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

#define LINE_MAX_WIDTH	400

enum line_kind {
	LINE_TITLE,
	LINE_HEADER,
	LINE_LOCK,
	LINE_CHOSEN,		/* the lock that was asked for */
	LINE_THREAD,
	LINE_OWNER,		/* a thread that owns its lock */
	LINE_NOTE,
};

/* In UTF-8 a column may take four bytes. */
#define LINE_MAX_SIZE	(4 * LINE_MAX_WIDTH + 1)

struct line {
	char text[LINE_MAX_SIZE];
	enum line_kind kind;
	int bar;		/* the byte where its bar begins, if it has one */
	int bar_column;
	int bar_width;
};

/* What the picture shows, and how. */
struct look {
	int width;		/* of lines, 1 to LINE_MAX_WIDTH */
	int height;		/* lines at most; 0: as many as it takes */
	bool one_lock;
	uint64_t lock;		/* if one_lock */
	enum sort_key sort;
	bool reverse;
	uint64_t delay_ns;
	size_t skip;		/* threads scrolled away */
};

static inline bool look_shows(const struct look *look, uint64_t lock)
{
	return !look->one_lock || lock == look->lock;
}

typedef void screen_emit(void *to, const struct line *line);

/* The view must be sorted. */
void screen_draw(const struct view *view, const struct look *look,
		 screen_emit *emit, void *to);

/* How many threads the look selects. */
size_t screen_threads(const struct view *view, const struct look *look);

#endif
