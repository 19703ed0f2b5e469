/* SPDX-License-Identifier: GPL-2.0 */
/* Which columns of a table a line of some width has room for. */
#ifndef GILTOP_LAYOUT_H
#define GILTOP_LAYOUT_H

#include <stddef.h>

/* What a column gets, if there is room, in order of importance. */
struct step {
	int column;
	int width;
};

/*
 * Widths of @columns columns, 0 for those that there is no room for, with one
 * blank between those that there is room for. What is left goes to the column
 * @rest, up to @rest_max, if there is that column. The first step is always
 * taken.
 */
void layout_fit(int *widths, int columns, const struct step *steps,
		size_t count, int line, int rest, int rest_max);

#endif
