/* SPDX-License-Identifier: GPL-2.0 */
/* One snapshot after another, and what happened between the last two. */
#ifndef GILTOP_SAMPLER_H
#define GILTOP_SAMPLER_H

#include "view.h"

struct sampler {
	const char *debugfs;
	struct snapshot before;
	struct snapshot after;
	struct view view;
	char error[SNAPSHOT_ERROR_MAX];
};

/* The first snapshot; false: @error says why, and nothing is to be freed. */
bool sampler_start(struct sampler *sampler, const char *debugfs);
/* The next one, and the view of what happened since; false as above. */
bool sampler_next(struct sampler *sampler);
void sampler_end(struct sampler *sampler);

#endif
