/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a thread knows of the locks that it uses: its context ids, and whether
 * it is bound. They stand in a small table, indexed by the handle's serial
 * number. When two locks share a slot, each use attaches again to refill it;
 * the kernel then returns the same id as before.
 */
#ifndef LIBGIL_THREAD_H
#define LIBGIL_THREAD_H

#include "handle.h"

#define THREAD_SLOTS	8

struct slot {
	uint64_t serial;		/* of the handle; 0: unused */
	/*
	 * Same as serial, or 0 if the thread is bound: then the kernel must
	 * see every acquisition and every release.
	 */
	uint64_t fast_serial;
	uint32_t id;
	uint64_t fast_acquires;		/* not yet reported */
	uint64_t fast_io_releases;
};

/*
 * With initial-exec an access is one segment-relative load, in the shared
 * library too, instead of a call. The table is small enough for the space
 * that the C library reserves for such variables.
 */
extern _Thread_local struct slot thread_slots[THREAD_SLOTS]
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline size_t thread_slot_offset(uint64_t serial)
{
	return serial % THREAD_SLOTS * sizeof(struct slot);
}

/* The handle's slot. Another handle may be using it: see slot_is_for(). */
static inline struct slot *thread_slot(const struct handle *h)
{
	return (struct slot *)(void *)((char *)thread_slots + h->slot_offset);
}

static inline int slot_is_for(const struct slot *slot, const struct handle *h)
{
	return __builtin_expect(slot->serial == h->serial, 1);
}

static inline int slot_is_fast(const struct slot *slot, const struct handle *h)
{
	return __builtin_expect(slot->fast_serial == h->serial, 1);
}

/* Attach the thread and fill in the handle's slot. Keeps errno. */
int thread_attach(const struct handle *h);

/*
 * Whether the thread is bound to the lock, as far as the library knows. It
 * knows of gil_bind() and of an inherited binding, but not of an ioctl that
 * the program made itself.
 */
int thread_is_bound(const struct handle *h);
void thread_set_bound(const struct handle *h, int bound);

/* Take the thread's unreported counts, to report them; resets them to 0. */
void thread_take_counts(const struct handle *h, __u64 *acquires,
			__u64 *io_releases);

#endif /* LIBGIL_THREAD_H */
