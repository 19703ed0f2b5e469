// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <string.h>

#include "thread.h"

_Thread_local struct slot thread_slots[THREAD_SLOTS];

int thread_attach(const struct handle *h)
{
	struct slot *slot = thread_slot(h);
	struct gil_attach args = { 0 };
	int err;

	if (slot_is_for(slot, h))
		return 0;
	err = handle_ioctl(h->fd, GIL_IOC_ATTACH, &args);
	if (err)
		return err;
	if (slot->fast_acquires || slot->fast_io_releases)
		handle_report(slot->serial, slot->fast_acquires,
			      slot->fast_io_releases);

	/* A signal handler that uses the lock never finds half a slot. */
	slot->serial = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	slot->id = args.id;
	slot->fast_acquires = 0;
	slot->fast_io_releases = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	slot->serial = h->serial;
	return 0;
}

void thread_take_counts(const struct handle *h, __u64 *acquires,
			__u64 *io_releases)
{
	struct slot *slot = thread_slot(h);

	*acquires = slot->fast_acquires;
	*io_releases = slot->fast_io_releases;
	slot->fast_acquires = 0;
	slot->fast_io_releases = 0;
}

void thread_forget(void)
{
	memset(thread_slots, 0, sizeof(thread_slots));
}
