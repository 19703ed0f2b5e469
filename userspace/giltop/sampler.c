// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "sampler.h"

bool sampler_start(struct sampler *sampler, const char *debugfs)
{
	*sampler = (struct sampler){ .debugfs = debugfs };
	return snapshot_read(&sampler->after, debugfs, sampler->error);
}

bool sampler_next(struct sampler *sampler)
{
	view_free(&sampler->view);
	snapshot_free(&sampler->before);
	sampler->before = sampler->after;
	sampler->after = (struct snapshot){ 0 };
	if (!snapshot_read(&sampler->after, sampler->debugfs, sampler->error)) {
		sampler_end(sampler);
		return false;
	}
	if (!view_make(&sampler->view, &sampler->before, &sampler->after)) {
		snprintf(sampler->error, sizeof(sampler->error),
			 "out of memory");
		sampler_end(sampler);
		return false;
	}
	return true;
}

void sampler_end(struct sampler *sampler)
{
	view_free(&sampler->view);
	snapshot_free(&sampler->before);
	snapshot_free(&sampler->after);
}
