// SPDX-License-Identifier: GPL-2.0
/* How long one waiter waits while others keep coming: see newcomers.h. */
#include <errno.h>
#include <stddef.h>

#include "newcomers.h"

static struct actor *find_owner(int fd, struct actor *actors, int count)
{
	__u32 owner = lock_owner(fd);
	int i;

	for (i = 0; i < count; i++)
		if (actors[i].id == owner)
			return &actors[i];
	return NULL;
}

int newcomers_grants(int fd, struct actor *actors, int count, int older,
		     int limit)
{
	struct actor *victim = &actors[older], *owner = NULL;
	int next = older + 1, grants = 0, err, i;

	err = lock_acquire(fd, 0, 0);
	for (i = 0; i <= older && !err; i++)
		err = actor_queue(&actors[i]) ? 0 : ETIME;
	while (!err && owner != victim && grants <= limit) {
		if (!actor_queue(&actors[next]))
			return -ETIME;
		err = owner ? actor_do(owner, act_release) :
			      lock_release(fd, 0);
		/* The actor that gave the lock up is idle, so it comes next. */
		next = owner ? owner - actors : next + 1;
		owner = find_owner(fd, actors, count);
		if (!owner)
			return -ESRCH;
		err = err ?: actor_end(owner);
		grants++;
	}
	return err ? -err : grants;
}
