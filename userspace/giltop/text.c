// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "text.h"

void text_share(char cell[CELL_MAX], double share)
{
	snprintf(cell, CELL_MAX, "%.0f%%", share * 100);
}

void text_rate(char cell[CELL_MAX], double rate)
{
	if (rate < 0.05)
		snprintf(cell, CELL_MAX, "0");
	else if (rate < 9.95)
		snprintf(cell, CELL_MAX, "%.1f", rate);
	else if (rate < 99999.5)
		snprintf(cell, CELL_MAX, "%.0f", rate);
	else if (rate < 9999500)
		snprintf(cell, CELL_MAX, "%.0fk", rate / 1e3);
	else if (rate < 9999.5e6)
		snprintf(cell, CELL_MAX, "%.0fM", rate / 1e6);
	else
		snprintf(cell, CELL_MAX, ">10G");
}

void text_time(char cell[CELL_MAX], uint64_t ns)
{
	/* As they are rounded, not 1000 of the smaller unit. */
	if (ns < 999500)
		snprintf(cell, CELL_MAX, "%.0fus", (double)ns / 1e3);
	else if (ns < 9950000)
		snprintf(cell, CELL_MAX, "%.1fms", (double)ns / 1e6);
	else if (ns < 999500000)
		snprintf(cell, CELL_MAX, "%.0fms", (double)ns / 1e6);
	else
		snprintf(cell, CELL_MAX, "%.1fs", (double)ns / 1e9);
}

void text_name(char cell[CELL_MAX], const char *name)
{
	size_t n = 0;

	for (; *name && n < CELL_MAX - 1; name++, n++)
		cell[n] = *name >= ' ' && *name <= '~' ? *name : '?';
	cell[n] = '\0';
}

/* Ends, not lengths, are rounded: the parts always make a whole. */
static int end_of(double share, int width)
{
	int end = (int)(share * width + 0.5);

	return end < width ? end : width;
}

void text_bar(char *bar, int width, double first, double second, char rest)
{
	int first_end = end_of(first, width);
	int second_end = end_of(first + second, width);

	memset(bar, '#', (size_t)first_end);
	memset(bar + first_end, '=', (size_t)(second_end - first_end));
	memset(bar + second_end, rest, (size_t)(width - second_end));
}
