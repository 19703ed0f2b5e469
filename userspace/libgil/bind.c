// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Binding: the kernel keeps the thread to the lock. The fast path is closed to
 * a bound thread, for what it does to the lock's page the kernel does not see.
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
