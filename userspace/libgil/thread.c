// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Attaching a thread to a lock, and the thread's table of what it knows. */
#include <pthread.h>
#include <string.h>

#include "handles.h"
#include "thread.h"

_Thread_local struct slot thread_slots[THREAD_SLOTS];

/*
 * Ask the kernel, because a thread may inherit a binding and be bound before
 * its first instruction.
 */
static int ask_if_bound(const struct handle *h)
{
	struct gil_thread_stats stats = { 0 };

	return !handle_stats(h->fd, GIL_IOC_THREAD_STATS, &stats,
			     sizeof(stats)) && stats.bind;
}

int thread_attach(const struct handle *h)
{
	struct slot *slot = thread_slot(h);
	struct gil_attach args = { 0 };
	int err, bound;

	if (slot_is_for(slot, h))
		return 0;
	err = handle_ioctl(h->fd, GIL_IOC_ATTACH, &args);
	if (err)
		return err;
	bound = ask_if_bound(h);
	if (slot->fast_acquires || slot->fast_io_releases)
		handles_report(slot->serial, slot->fast_acquires,
			       slot->fast_io_releases);

	/* A signal handler that uses the lock must not find half a slot. */
	slot->fast_serial = 0;
	slot->serial = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	slot->id = args.id;
	slot->fast_acquires = 0;
	slot->fast_io_releases = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	slot->serial = h->serial;
	if (!bound)
		slot->fast_serial = h->serial;
	return 0;
}

int thread_is_bound(const struct handle *h)
{
	const struct slot *slot = thread_slot(h);

	return !thread_attach(h) && slot->fast_serial != h->serial;
}

void thread_set_bound(const struct handle *h, int bound)
{
	struct slot *slot = thread_slot(h);

	if (slot_is_for(slot, h))
		slot->fast_serial = bound ? 0 : h->serial;
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

/* In a forked child the slots still hold the context ids of the parent. */
static void thread_forget(void)
{
	memset(thread_slots, 0, sizeof(thread_slots));
}

__attribute__((constructor)) static void thread_init(void)
{
	pthread_atfork(NULL, NULL, thread_forget);
}
