/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The gil ioctls as functions that return 0 or an errno, the fast path as the
 * uapi header describes it, and waiting for what the kernel says of a lock.
 */
#ifndef GIL_TEST_LOCK_H
#define GIL_TEST_LOCK_H

#include <stdbool.h>

#include <linux/gil.h>

#define GIL_DEVICE	"/dev/gil"

/* How long anything that must happen may take before the test gives up. */
#define LIMIT_NS	20000000000ULL
#define MS		1000000ULL

__u64 now_ns(void);

/* A descriptor, or minus an errno. */
int lock_open(void);
int lock_create(__u64 interval_ns);
int lock_create_with(const struct gil_create *create);

int lock_attach(int fd, __u32 *id);
int lock_acquire(int fd, __u32 flags, __u64 deadline_ns);
int lock_release(int fd, __u32 flags);
int lock_yield(int fd);
int lock_cancel(int fd);
int lock_bind(int fd, __u32 flags);
int lock_unbind(int fd);
/* Does this kernel, with this module, bind threads at all? */
bool lock_can_bind(void);
int lock_set_grace(int fd, __u64 grace_ns);
int lock_set_policy(int fd, const char *name);
int lock_stats(int fd, struct gil_lock_stats *stats);
int thread_stats(int fd, __u32 id, struct gil_thread_stats *stats);

/* ioctl() as 0 or an errno. */
int lock_ioctl(int fd, unsigned long request, void *arg);

/* NULL if it cannot be mapped so. */
struct gil_page *lock_map(int fd, int prot);
bool fast_acquire(struct gil_page *page, __u32 id);
bool fast_release(struct gil_page *page, __u32 id);

/*
 * The global lock may have been left by a dead owner, whoever that was: make
 * it an ordinary free lock. A descriptor of it, or minus an errno.
 */
int lock_open_settled(void);

/* ~0 if it cannot be read. */
__u32 lock_owner(int fd);
__u32 lock_waiting(int fd);
__u32 lock_threads(int fd);
__u32 lock_bound(int fd);
__u32 thread_state(int fd, __u32 id);

/* False if it did not become so within LIMIT_NS. */
bool until_waiting(int fd, __u32 waiting);
bool until_threads(int fd, __u32 threads);
bool until_bound(int fd, __u32 bound);
bool until_owner(int fd, __u32 id);
bool until_state(int fd, __u32 id, __u32 state);
bool until_drop_request(const struct gil_page *page);

#endif /* GIL_TEST_LOCK_H */
