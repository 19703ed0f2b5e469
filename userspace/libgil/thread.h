/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a thread knows of the locks it uses: its context ids, and whether it is
 * bound, in a small table found by the handle's serial number. A slot taken
 * over by another lock is filled in again by asking the kernel: attaching again
 * returns the same id.
 */
#ifndef LIBGIL_THREAD_H
#define LIBGIL_THREAD_H

#include "handle.h"

#define THREAD_SLOTS	8

struct slot {
	uint64_t serial;		/* whose; 0: nobody's */
	/*
	 * As serial, or 0: the thread is bound, so that the kernel must see
	 * every acquisition and every release.
	 */
	uint64_t fast_serial;
	uint32_t id;
	uint64_t fast_acquires;		/* not yet told to the kernel */
	uint64_t fast_io_releases;
};

/*
 * initial-exec: one segment-relative access instead of a call, also in the
 * shared library; the table is small enough for the space that the C library
 * keeps for this.
 */
extern _Thread_local struct slot thread_slots[THREAD_SLOTS]
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline size_t thread_slot_offset(uint64_t serial)
{
	return serial % THREAD_SLOTS * sizeof(struct slot);
}

/* The slot for the handle; another handle's unless slot_is_for(). */
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

/* Make the slot the handle's, attaching the thread. Keeps errno. */
int thread_attach(const struct handle *h);

/*
 * Whether the thread is bound to the lock, as far as the library knows: by a
 * parent, by gil_bind(), but not by an ioctl behind the library's back.
 */
int thread_is_bound(const struct handle *h);
void thread_set_bound(const struct handle *h, int bound);

/* The thread's counts, to be told to the kernel: 0 from here on. */
void thread_take_counts(const struct handle *h, __u64 *acquires,
			__u64 *io_releases);

/* In a forked child: the ids are the parent's. */
void thread_forget(void);

#endif /* LIBGIL_THREAD_H */
