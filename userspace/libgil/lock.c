// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Acquire, release, yield and the calls around I/O. Without contention each
 * is one compare-and-swap on the lock's page, by the protocol described in
 * <linux/gil.h>. Everything else is left to the kernel.
 */
#include "annotate.h"
#include "handle.h"
#include "thread.h"

/*
 * Whether the fast path may be used: the thread knows its id and is not bound,
 * and the kernel has set no flag that closes the path, as for tracing.
 */
static inline int is_fast(const struct slot *slot, const gil_t *g,
			  const struct gil_page *page)
{
	return slot_is_fast(slot, g) &&
	       __builtin_expect(!__atomic_load_n(&page->flags,
						 __ATOMIC_RELAXED), 1);
}

static inline int swap(__u32 *word, __u32 from, __u32 to, int order)
{
	return __builtin_expect(__atomic_compare_exchange_n(word, &from, to, 0,
							    order,
							    __ATOMIC_RELAXED),
				1);
}

/* Plain stores suffice, because only the owner writes these counts. */
static inline void add(__u64 *count, __u64 n)
{
	__atomic_store_n(count, __atomic_load_n(count, __ATOMIC_RELAXED) + n,
			 __ATOMIC_RELAXED);
}

static inline int acquire_fast(gil_t *g)
{
	struct gil_page *page = gil_page(g);
	struct slot *slot = thread_slot(g);

	if (!is_fast(slot, g, page) ||
	    !swap(&page->word, 0, slot->id, __ATOMIC_ACQUIRE))
		return 0;
	add(&page->fast_acquires, 1);
	slot->fast_acquires++;
	return 1;
}

#define NS_PER_S	1000000000LL

/* A time that is too late for 64 bits of nanoseconds means no limit. */
static __u64 to_ns(const struct timespec *t)
{
	if (t->tv_sec < 0)
		return 0;
	if (t->tv_sec >= INT64_MAX / NS_PER_S)
		return INT64_MAX;
	return (__u64)t->tv_sec * NS_PER_S + (__u64)t->tv_nsec;
}

/* After EINTR, calling again keeps the caller's place in the queue. */
__attribute__((noinline))
static int acquire_slow(gil_t *g, __u32 flags, const struct timespec *deadline)
{
	struct gil_acquire args = { .flags = flags };
	int err;

	if (deadline && (deadline->tv_nsec < 0 || deadline->tv_nsec >= NS_PER_S))
		return EINVAL;
	err = thread_attach(g);
	if (err)
		return err;
	thread_take_counts(g, &args.fast_acquires, &args.fast_io_releases);
	if (deadline) {
		args.flags |= GIL_ACQUIRE_DEADLINE;
		args.deadline_ns = to_ns(deadline);
	}
	do
		err = handle_ioctl(gil_fd(g), GIL_IOC_ACQUIRE, &args);
	while (err == EINTR);
	return annotate_acquired(g, err);
}

int gil_acquire(gil_t *g)
{
	if (acquire_fast(g))
		return 0;
	return acquire_slow(g, GIL_ACQUIRE_KEEP_INTR, NULL);
}

int gil_try_acquire(gil_t *g)
{
	if (acquire_fast(g))
		return 0;
	return acquire_slow(g, GIL_ACQUIRE_TRY, NULL);
}

int gil_acquire_until(gil_t *g, const struct timespec *deadline)
{
	if (acquire_fast(g))
		return 0;
	return acquire_slow(g, GIL_ACQUIRE_KEEP_INTR, deadline);
}

int gil_enqueue(gil_t *g)
{
	if (acquire_fast(g))
		return 0;
	return acquire_slow(g, GIL_ACQUIRE_ENQUEUE, NULL);
}

int gil_wait(gil_t *g, const struct timespec *deadline)
{
	return acquire_slow(g, GIL_ACQUIRE_RESUME | GIL_ACQUIRE_KEEP, deadline);
}

int gil_cancel(gil_t *g)
{
	return handle_ioctl(gil_fd(g), GIL_IOC_CANCEL, NULL);
}

__attribute__((noinline))
static int release_slow(gil_t *g, __u32 flags)
{
	struct gil_release args = { .flags = flags };

	annotate_releasing(g);
	return handle_ioctl(gil_fd(g), GIL_IOC_RELEASE, &args);
}

int gil_release(gil_t *g)
{
	struct gil_page *page = gil_page(g);
	struct slot *slot = thread_slot(g);

	if (is_fast(slot, g, page) &&
	    swap(&page->word, slot->id, 0, __ATOMIC_RELEASE))
		return 0;
	return release_slow(g, 0);
}

__attribute__((noinline))
static int yield_slow(gil_t *g)
{
	int err;

	annotate_releasing(g);
	do
		err = handle_ioctl(gil_fd(g), GIL_IOC_YIELD, NULL);
	while (err == EINTR);
	return annotate_acquired(g, err);
}

int gil_yield(gil_t *g)
{
	struct gil_page *page = gil_page(g);
	struct slot *slot = thread_slot(g);

	/* If the word is just the owner's id, nobody waits for the lock. */
	if (is_fast(slot, g, page) &&
	    __atomic_load_n(&page->word, __ATOMIC_RELAXED) == slot->id)
		return 0;
	return yield_slow(g);
}

/*
 * A bound thread releases lazily: the kernel sees when it blocks, and needs
 * to move the lock only then. EINVAL means that the thread was unbound
 * without the library's knowledge.
 */
__attribute__((noinline))
static int io_release_slow(gil_t *g)
{
	int err;

	if (!thread_is_bound(g))
		return release_slow(g, GIL_RELEASE_IO);
	err = release_slow(g, GIL_RELEASE_IO | GIL_RELEASE_LAZY);
	if (err != EINVAL)
		return err;
	thread_set_bound(g, 0);
	return release_slow(g, GIL_RELEASE_IO);
}

int gil_io_begin(gil_t *g)
{
	struct gil_page *page = gil_page(g);
	struct slot *slot = thread_slot(g);

	if (!is_fast(slot, g, page) ||
	    __atomic_load_n(&page->word, __ATOMIC_RELAXED) != slot->id)
		return io_release_slow(g);

	/* Count first, because only the owner may write the figure. */
	add(&page->fast_io_releases, 1);
	if (swap(&page->word, slot->id, 0, __ATOMIC_RELEASE)) {
		slot->fast_io_releases++;
		return 0;
	}
	add(&page->fast_io_releases, -1ULL);
	return io_release_slow(g);
}

int gil_io_end(gil_t *g)
{
	return gil_acquire(g);
}
