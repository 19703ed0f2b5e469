/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * libgil: use a /dev/gil lock from C or C++.
 *
 * Every function that can fail returns 0 or an error number, as the pthread
 * functions do, and leaves errno alone. EOWNERDEAD is special: the caller
 * owns the lock, and an owner before it died holding it.
 *
 * A handle may be used by all threads of a process and by its fork()ed
 * children. Threads need not register; each is attached when it first uses
 * the lock, and its kernel context ends with it. What a dead thread or
 * process owned goes to the next in line.
 *
 * As with pthread mutexes: not for signal handlers, and not in a child made
 * by a bare clone() or _Fork(), which runs no atfork handlers.
 */
#ifndef GIL_H
#define GIL_H

#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <linux/gil.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A handle is the address of the lock's page, mapped at least readable. */
typedef struct gil gil_t;

/* What a new private lock is like; zeroed fields mean the defaults. */
struct gil_options {
	uint64_t interval_ns;
	const char *policy;
	uint32_t flags;		/* GIL_CREATE_* */
};

/*
 * The global lock of this machine. ENOENT: no /dev/gil, the module is not
 * loaded; EACCES: not for this user; ENOMEM; EPROTO: another uapi version.
 */
int gil_open(gil_t **g);

/*
 * A new private lock, shared with children forked from now on; options may be
 * NULL. As gil_open(), and EINVAL: interval, flags; ENOENT also: no such policy.
 */
int gil_create(gil_t **g, const struct gil_options *options);

/*
 * The lock behind a descriptor, such as one received by SCM_RIGHTS or kept
 * through exec(). The handle owns the descriptor from then on. EINVAL or
 * ENOTTY: not a gil descriptor.
 */
int gil_import(gil_t **g, int fd);

/* No thread of this process may be using the handle. NULL is allowed. */
void gil_close(gil_t *g);

/* The descriptor: to poll(), to pass on. It belongs to the handle. */
int gil_fd(const gil_t *g);

/*
 * Attach now instead of at first use, so that a later acquire cannot fail for
 * want of memory. EMFILE, ENOMEM. *id may be NULL.
 */
int gil_attach(gil_t *g, uint32_t *id);

/*
 * Own the lock: waiting without limit; only if free (EBUSY); or until a
 * CLOCK_MONOTONIC time (ETIMEDOUT). Signals run their handlers and the wait
 * goes on in the same place. EDEADLK: the caller owns it.
 */
int gil_acquire(gil_t *g);
int gil_try_acquire(gil_t *g);
int gil_acquire_until(gil_t *g, const struct timespec *deadline);

/* EPERM: the caller does not own the lock. */
int gil_release(gil_t *g);

/* Let all who wait now go first, and own the lock again. EPERM. */
int gil_yield(gil_t *g);

/*
 * Give the lock up around something that may block. Both keep errno, so that
 * the call between them can be checked after them. The lock of a bound thread
 * moves only if the thread does block, or stays away for the lock's grace.
 */
int gil_io_begin(gil_t *g);
int gil_io_end(gil_t *g);

/*
 * Bind the calling thread to the lock, by GIL_BIND_* of <linux/gil.h>: it runs
 * only as the owner, the kernel gives the lock up when the thread blocks and
 * takes it back before it runs on. The caller owns the lock when gil_bind()
 * returns and has given it up when gil_unbind() does. EBUSY: bound to another
 * lock; EOPNOTSUPP: not on this kernel, or forbidden; EINVAL: flags. ENOENT:
 * not bound to this lock.
 */
int gil_bind(gil_t *g, uint32_t flags);
int gil_unbind(gil_t *g);

/*
 * For event loops. gil_enqueue(): 0, the caller owns the lock; EINPROGRESS,
 * it is in the queue and gil_fd() polls readable, for this thread, once the
 * lock is its own: then gil_wait() returns 0 at once. gil_wait() waits, in the
 * place kept, until deadline (NULL: without limit; ETIMEDOUT keeps the place;
 * ENOENT: not queued). A grant must be claimed so before the lock is used.
 * gil_cancel() leaves the queue, passing on a grant that came first (ENOENT:
 * no request waits).
 */
int gil_enqueue(gil_t *g);
int gil_wait(gil_t *g, const struct timespec *deadline);
int gil_cancel(gil_t *g);

/* The lock's and the calling thread's figures so far. */
int gil_lock_stats(gil_t *g, struct gil_lock_stats *stats);
int gil_thread_stats(gil_t *g, struct gil_thread_stats *stats);

/* EINVAL: out of range; EPERM: the global lock, and not privileged. */
int gil_get_interval(gil_t *g, uint64_t *interval_ns);
int gil_set_interval(gil_t *g, uint64_t interval_ns);

/* How long a bound thread's gil_io_begin() may leave the lock where it is. */
int gil_get_grace(gil_t *g, uint64_t *grace_ns);
int gil_set_grace(gil_t *g, uint64_t grace_ns);

/* ENOENT: no such policy; EPERM as above. */
int gil_get_policy(gil_t *g, struct gil_policy *policy);
int gil_set_policy(gil_t *g, const char *name);

/*
 * Call often while owning the lock: lets others have it when the switch
 * interval has run out. One load when nobody asks. 0 or EOWNERDEAD.
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
 * GIL_IO(g, n = read(fd, buf, len)): run a statement, which must not jump out,
 * without the lock. Its value is that of gil_io_end(), or of gil_io_begin() if
 * that failed: then the statement has run, and the lock is still not owned.
 */
#define GIL_IO(g, statement)					\
	__extension__({						\
		gil_t *gil_io_lock_ = (g);			\
		int gil_io_err_ = gil_io_begin(gil_io_lock_);	\
								\
		statement;					\
		if (!gil_io_err_)				\
			gil_io_err_ = gil_io_end(gil_io_lock_);	\
		gil_io_err_;					\
	})

#ifdef __cplusplus
}
#endif

#endif /* GIL_H */
