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

/* A serial number of no handle. Not 0, which a key has after a fork. */
#define NO_SERIAL	UINT64_MAX

struct slot {
	uint64_t serial;		/* of the handle, or NO_SERIAL */
	/*
	 * Same as serial, or NO_SERIAL if the thread may not use the fast path:
	 * see may_be_fast().
	 */
	uint64_t fast_serial;
	uint32_t id;
	uint32_t bound;
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
static inline struct slot *thread_slot(const gil_t *g)
{
	return (struct slot *)(void *)((char *)thread_slots +
				       gil_key(g)->slot_offset);
}

static inline int slot_is_for(const struct slot *slot, const gil_t *g)
{
	return slot->serial == __atomic_load_n(&gil_key(g)->serial,
					       __ATOMIC_ACQUIRE);
}

static inline int slot_is_fast(const struct slot *slot, const gil_t *g)
{
	return __builtin_expect(slot->fast_serial ==
				__atomic_load_n(&gil_key(g)->serial,
						__ATOMIC_RELAXED), 1);
}

/* Attach the thread and fill in the handle's slot. Keeps errno. */
int thread_attach(gil_t *g);

/*
 * Whether the thread is bound to the lock, as far as the library knows. It
 * knows of gil_bind() and of an inherited binding, but not of an ioctl that
 * the program made itself.
 */
int thread_is_bound(gil_t *g);
void thread_set_bound(gil_t *g, int bound);

/*
 * Take the unreported counts of an attached thread, to report them; resets them
 * to 0.
 */
void thread_take_counts(const gil_t *g, __u64 *acquires, __u64 *io_releases);

/* Report what the calling thread has counted for this handle. */
void thread_report(const gil_t *g);

#endif /* LIBGIL_THREAD_H */
