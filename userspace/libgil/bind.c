// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Binding a thread to a lock: the kernel then lets it run only as the owner.
 * A bound thread does not use the fast path, because the kernel does not see
 * what a thread does to the lock's page.
 */
#include "handle.h"
#include "thread.h"

int gil_bind(gil_t *g, uint32_t flags)
{
	struct gil_bind args = { .flags = flags };
	struct handle *h = gil_handle(g);
	int err = thread_attach(h);

	if (!err)
		err = handle_ioctl(h->fd, GIL_IOC_BIND, &args);
	if (!err)
		thread_set_bound(h, 1);
	return err;
}

int gil_unbind(gil_t *g)
{
	struct handle *h = gil_handle(g);
	int err = handle_ioctl(h->fd, GIL_IOC_UNBIND, NULL);

	if (!err || err == ENOENT)
		thread_set_bound(h, 0);
	return err;
}
