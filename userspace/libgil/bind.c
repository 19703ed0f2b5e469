// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Binding a thread to a lock: the kernel then lets it run only as the owner.
 * A bound thread does not use the fast path, because the kernel does not see
 * what a thread does to the lock's page.
 */
#include "annotate.h"
#include "handle.h"
#include "thread.h"

int gil_bind(gil_t *g, uint32_t flags)
{
	struct gil_bind args = { .flags = flags };
	int err = thread_attach(g);

	if (!err)
		err = handle_ioctl(gil_fd(g), GIL_IOC_BIND, &args);
	if (!err)
		thread_set_bound(g, 1);
	return annotate_acquired(g, err);
}

int gil_unbind(gil_t *g)
{
	int err;

	annotate_releasing(g);
	err = handle_ioctl(gil_fd(g), GIL_IOC_UNBIND, NULL);
	if (!err || err == ENOENT)
		thread_set_bound(g, 0);
	return err;
}
