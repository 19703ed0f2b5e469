// SPDX-License-Identifier: GPL-2.0
#include "layout.h"

void layout_fit(int *widths, int columns, const struct step *steps,
		size_t count, int line, int rest, int rest_max)
{
	int used = 0;

	for (int i = 0; i < columns; i++)
		widths[i] = 0;
	for (size_t i = 0; i < count; i++) {
		int blank = used && !widths[steps[i].column];

		/* None that is less important instead: it would jump about. */
		if (i && used + blank + steps[i].width > line)
			break;
		used += blank + steps[i].width;
		widths[steps[i].column] += steps[i].width;
	}
	if (!widths[rest] || used >= line)
		return;
	widths[rest] += line - used;
	if (widths[rest] > rest_max)
		widths[rest] = rest_max;
}
