/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * libgil: use a /dev/gil lock from C or C++.
 *
 * Every function that can fail returns 0 or an error number, as the pthread
 * functions do, and leaves errno alone. EOWNERDEAD is special: the caller
 * owns the lock, and an earlier owner died while it held the lock.
 *
 * libgil(3) says which threads and children may use a handle, and when. As with
 * pthread mutexes, do not use a lock in a signal handler.
 */
#ifndef GIL_H
#define GIL_H

#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <linux/gil.h>

#ifdef __cplusplus
extern "C" {
/* Functions have the names of structures of <linux/gil.h>, as stat() has. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif

/* A handle is the address of the lock's page, mapped at least readable. */
typedef struct gil gil_t;

/* The settings of a new private lock; zeroed fields mean the defaults. */
struct gil_options {
	uint64_t interval_ns;
	const char *policy;
	uint32_t flags;		/* GIL_CREATE_* */
};

/*
 * Open the global lock of this machine. ENOENT: there is no /dev/gil, because
 * the module is not loaded or a container was not given the device; EACCES: this
 * user may not open it; ENOMEM; EPROTO: the module has another uapi version.
 */
int gil_open(gil_t **g);

/*
 * Make a private lock, shared with children forked from now on; options may be
 * NULL. Errors as gil_open(), and EINVAL: the interval or the flags are
 * invalid. ENOENT also means that there is no such policy.
 */
int gil_create(gil_t **g, const struct gil_options *options);

/*
 * Make a handle from a descriptor of a lock, received by SCM_RIGHTS or kept
 * through exec(), say. The handle owns the descriptor from then on. EINVAL or
 * ENOTTY: this is not a gil descriptor.
 */
int gil_import(gil_t **g, int fd);

/*
 * Close a handle, which no thread of this process may be using. NULL is
 * allowed.
 */
void gil_close(gil_t *g);

/* The handle's descriptor, to poll() or to pass on. Do not close it. */
int gil_fd(const gil_t *g);

/*
 * Attach the calling thread now instead of at first use, so that a later
 * acquire cannot fail for lack of memory. id may be NULL. EMFILE, ENOMEM.
 */
int gil_attach(gil_t *g, uint32_t *id);

/*
 * Own the lock. gil_acquire() waits without limit, gil_try_acquire() does not
 * wait (EBUSY: the lock is not free), and gil_acquire_until() waits until a
 * CLOCK_MONOTONIC time (ETIMEDOUT). Signal handlers run during the wait, which
 * then goes on in the same place. EDEADLK: the caller already owns the lock.
 */
int gil_acquire(gil_t *g);
int gil_try_acquire(gil_t *g);
int gil_acquire_until(gil_t *g, const struct timespec *deadline);

/* Hand the lock to the next waiter, or free it. EPERM: not the owner. */
int gil_release(gil_t *g);

/* Let all that wait now go first, then own the lock again. EPERM as above. */
int gil_yield(gil_t *g);

/*
 * Give the lock up before something that may block, and own it again
 * afterwards. Both keep errno, so that the call between them can be checked
 * after gil_io_end(). The lock of a bound thread moves only if the thread
 * really blocks, or stays away for longer than the lock's grace.
 */
int gil_io_begin(gil_t *g);
int gil_io_end(gil_t *g);

/*
 * Bind the calling thread to the lock, as the GIL_BIND_* flags of <linux/gil.h>
 * say. A bound thread runs only as the owner: the kernel gives the lock up when
 * the thread blocks and takes it back before the thread continues. The caller
 * owns the lock when gil_bind() returns, and no longer when gil_unbind() does.
 * EBUSY: the caller is bound to another lock; EOPNOTSUPP: this kernel cannot
 * bind threads, or may not; EINVAL: the flags are invalid; ENOENT: the caller
 * is not bound to this lock.
 */
int gil_bind(gil_t *g, uint32_t flags);
int gil_unbind(gil_t *g);

/*
 * For event loops. gil_enqueue() returns 0 if the caller owns the lock now, or
 * EINPROGRESS if it has joined the queue. In the latter case gil_fd() polls
 * readable for this thread once the lock has been granted to it. The thread
 * must then call gil_wait(), which returns 0 at once, before it uses the lock.
 * gil_wait() waits in the same place of the queue until the deadline (NULL:
 * without limit). ETIMEDOUT: the caller keeps its place; ENOENT: the caller is
 * not queued. gil_cancel() leaves the queue, and passes the lock on if it has
 * been granted already. ENOENT: there is no request to cancel.
 */
int gil_enqueue(gil_t *g);
int gil_wait(gil_t *g, const struct timespec *deadline);
int gil_cancel(gil_t *g);

/* Read the statistics of the lock, or of the calling thread on it. */
int gil_lock_stats(gil_t *g, struct gil_lock_stats *stats);
int gil_thread_stats(gil_t *g, struct gil_thread_stats *stats);

/*
 * Read and set the switch interval. EINVAL: out of range; EPERM: the lock is
 * the global one and the caller is not privileged.
 */
int gil_get_interval(gil_t *g, uint64_t *interval_ns);
int gil_set_interval(gil_t *g, uint64_t interval_ns);

/* How long a bound thread may keep the lock after gil_io_begin(). */
int gil_get_grace(gil_t *g, uint64_t *grace_ns);
int gil_set_grace(gil_t *g, uint64_t grace_ns);

/* Read and set the policy. ENOENT: there is no such policy; EPERM as above. */
int gil_get_policy(gil_t *g, struct gil_policy *policy);
int gil_set_policy(gil_t *g, const char *name);

/*
 * Call this often while you own the lock. If the switch interval has run out,
 * it lets the others have the lock first; otherwise it costs one load. Returns
 * 0 or EOWNERDEAD.
 */
static inline int gil_checkpoint(gil_t *g)
{
	const volatile struct gil_page *page =
		(const volatile struct gil_page *)(const void *)g;

	if (__builtin_expect(page->drop_request != 0, 0))
		return gil_yield(g);
	return 0;
}

/*
 * GIL_IO(g, n = read(fd, buf, len)): run statements without the lock. They may
 * be any, in a block of their own, but must not jump out or throw. The value is
 * what gil_io_end() returned. If gil_io_begin() failed, the value is that
 * error: the statements have run all the same, and the caller does not own the
 * lock.
 */
#define GIL_IO(g, ...)	gil_io_counted_(__COUNTER__, g, __VA_ARGS__)

/* Each use has variables of its own, so that one may stand in another. */
#define gil_io_counted_(count, g, ...)	gil_io_numbered_(count, g, __VA_ARGS__)
#define gil_io_numbered_(count, g, ...)					\
	gil_io_named_(gil_io_lock_##count, gil_io_err_##count, g,	\
		      __VA_ARGS__)
#define gil_io_named_(lock, err, g, ...)			\
	__extension__({						\
		gil_t *lock = (g);				\
		int err = gil_io_begin(lock);			\
								\
		{ __VA_ARGS__; }				\
		if (!err)					\
			err = gil_io_end(lock);			\
		err;						\
	})

#ifdef __cplusplus
#pragma GCC diagnostic pop
}
#endif

#endif /* GIL_H */
