// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Attaching a thread to a lock, and the thread's table of what it knows. */
#include <pthread.h>

#include "annotate.h"
#include "handles.h"
#include "thread.h"

#define UNUSED { .serial = NO_SERIAL, .fast_serial = NO_SERIAL }

_Thread_local struct slot thread_slots[THREAD_SLOTS] = {
	UNUSED, UNUSED, UNUSED, UNUSED, UNUSED, UNUSED, UNUSED, UNUSED,
};

/*
 * The key whose destructor reports a thread's counts when the thread ends; see
 * thread_end().
 */
static pthread_key_t ends;
static int ends_made;
static _Thread_local int ending
	__attribute__((tls_model("initial-exec")));

/*
 * Ask the kernel, because a thread may inherit a binding and be bound before
 * its first instruction.
 */
static int ask_if_bound(int fd)
{
	struct gil_thread_stats stats = { 0 };

	return !handle_stats(fd, GIL_IOC_THREAD_STATS, &stats,
			     sizeof(stats)) && stats.bind;
}

/*
 * The kernel must see every acquisition and every release of a bound thread. It
 * must also if nobody would report the thread's counts, or if ThreadSanitizer
 * is to be told of both.
 */
static int may_be_fast(const struct slot *slot)
{
	if (slot->bound || ending || annotate_wanted())
		return 0;
	return ends_made && !pthread_setspecific(ends, thread_slots);
}

static void slot_report(struct slot *slot)
{
	uint64_t acquires = slot->fast_acquires;
	uint64_t io_releases = slot->fast_io_releases;

	slot->fast_acquires = 0;
	slot->fast_io_releases = 0;
	if (acquires || io_releases)
		handles_report(slot->serial, acquires, io_releases);
}

int thread_attach(gil_t *g)
{
	struct gil_attach args = { 0 };
	struct slot *slot;
	int err, bound;

	err = gil_key(g)->serial ? 0 : handles_add(g);
	if (err)
		return err;
	slot = thread_slot(g);
	if (slot_is_for(slot, g))
		return 0;
	err = handle_ioctl(gil_fd(g), GIL_IOC_ATTACH, &args);
	if (err)
		return err;
	bound = ask_if_bound(gil_fd(g));
	slot_report(slot);

	/* A signal handler that uses the lock must not find half a slot. */
	slot->fast_serial = NO_SERIAL;
	slot->serial = NO_SERIAL;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	slot->id = args.id;
	slot->bound = (uint32_t)bound;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	slot->serial = gil_key(g)->serial;
	if (may_be_fast(slot))
		slot->fast_serial = slot->serial;
	return 0;
}

int thread_is_bound(gil_t *g)
{
	return !thread_attach(g) && thread_slot(g)->bound;
}

void thread_set_bound(gil_t *g, int bound)
{
	struct slot *slot = thread_slot(g);

	if (!slot_is_for(slot, g))
		return;
	slot->bound = (uint32_t)bound;
	slot->fast_serial = may_be_fast(slot) ? slot->serial : NO_SERIAL;
}

void thread_take_counts(const gil_t *g, __u64 *acquires, __u64 *io_releases)
{
	struct slot *slot = thread_slot(g);

	*acquires = slot->fast_acquires;
	*io_releases = slot->fast_io_releases;
	slot->fast_acquires = 0;
	slot->fast_io_releases = 0;
}

void thread_report(const gil_t *g)
{
	struct slot *slot = thread_slot(g);

	if (slot_is_for(slot, g))
		slot_report(slot);
}

/*
 * What runs in this thread after this may still use a lock, such as another
 * key's destructor. So it no longer uses the fast path, and needs no report.
 */
static void thread_end(void *unused)
{
	(void)unused;
	ending = 1;
	for (int i = 0; i < THREAD_SLOTS; i++) {
		thread_slots[i].fast_serial = NO_SERIAL;
		slot_report(&thread_slots[i]);
	}
}

__attribute__((constructor(101))) static void thread_init(void)
{
	ends_made = !pthread_key_create(&ends, thread_end);
}

/* The process exits, or this library is unloaded. */
__attribute__((destructor(101))) static void thread_exit(void)
{
	if (ends_made)
		pthread_key_delete(ends);
	ends_made = 0;
	thread_end(NULL);
}
