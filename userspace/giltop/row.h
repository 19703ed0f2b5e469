/* SPDX-License-Identifier: GPL-2.0 */
/* The texts in the tables' cells, and one row of either table as a line. */
#ifndef GILTOP_ROW_H
#define GILTOP_ROW_H

#include <stdint.h>

#include "screen.h"

/* @lock is NULL for the line of titles. */
void row_lock(struct line *line, const struct lock_view *lock,
	      const struct look *look);
/* @thread is NULL for the head. */
void row_thread(struct line *line, const struct thread_view *thread,
		const struct look *look);

#define CELL_MAX 80

/* "35%" */
void text_share(char cell[CELL_MAX], double share);
/* In at most 5 characters: "0", "2.5", "99999", "150k", "12M". */
void text_rate(char cell[CELL_MAX], double rate);
/* "4.9ms" */
void text_time(char cell[CELL_MAX], uint64_t ns);

/*
 * A bar of @width characters and a NUL: '#' for the first share, '=' for the
 * second and @rest for what remains.
 */
void text_bar(char *bar, int width, double first, double second, char rest);

#endif
