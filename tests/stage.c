// SPDX-License-Identifier: GPL-2.0
/* What most fixtures are made of: see stage.h. */
#include <errno.h>
#include <sys/mman.h>

#include "stage.h"

int stage_open(struct stage *stage, int count, __u64 interval_ns)
{
	int i;

	stage->fd = lock_create(interval_ns);
	if (stage->fd < 0)
		return -stage->fd;
	stage->page = lock_map(stage->fd, PROT_READ | PROT_WRITE);
	if (!stage->page)
		return errno;
	stage->actors = count ? actors_new(count) : NULL;
	if (count && !stage->actors)
		return ENOMEM;
	for (i = 0; i < count; i++)
		stage->actors[i].page = stage->page;
	stage->a = count > 0 ? &stage->actors[0] : NULL;
	stage->b = count > 1 ? &stage->actors[1] : NULL;
	stage->c = count > 2 ? &stage->actors[2] : NULL;
	return 0;
}

int stage_set(struct stage *stage, int count, enum actor_kind kind,
	      __u64 interval_ns)
{
	return stage_open(stage, count, interval_ns) ?:
	       lock_attach(stage->fd, &stage->id) ?:
	       stage_start(stage, count, kind);
}

int stage_start(struct stage *stage, int count, enum actor_kind kind)
{
	return actors_start(stage->actors, count, kind, stage->fd);
}

int stage_queue(struct stage *stage, int count)
{
	int err = lock_acquire(stage->fd, 0, 0), i;

	for (i = 0; i < count && !err; i++) {
		err = actor_do(&stage->actors[i], act_enqueue);
		err = err == EINPROGRESS ? 0 : err ?: EPROTO;
	}
	return err;
}
