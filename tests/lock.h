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

/* A bound thread that is made to give way after its interval. */
#define SLICED		(GIL_BIND_IO | GIL_BIND_SLICE)

__u64 now_ns(void);
/* Compute until then. */
void spin_until(__u64 when_ns);

/* A descriptor, or minus an errno. */
int lock_open(void);
int lock_create(__u64 interval_ns);
int lock_create_with(const struct gil_create *create);
/* With an interval of 1 ms. */
int lock_create_by_policy(const char *name);

int lock_attach(int fd, __u32 *id);
int lock_acquire(int fd, __u32 flags, __u64 deadline_ns);
int lock_release(int fd, __u32 flags);
/* Acquire and release. */
int lock_turn(int fd);
int lock_yield(int fd);
int lock_cancel(int fd);
int lock_bind(int fd, __u32 flags);
int lock_unbind(int fd);
/* Does this kernel, with this module, bind threads at all? */
bool lock_can_bind(void);
int lock_set_grace(int fd, __u64 grace_ns);
int lock_set_interval(int fd, __u64 interval_ns);
int lock_set_policy(int fd, const char *name);
int lock_stats(int fd, struct gil_lock_stats *stats);
int thread_stats(int fd, __u32 id, struct gil_thread_stats *stats);

/* ioctl() as 0 or an errno. */
int lock_ioctl(int fd, unsigned long request, void *arg);

/* Map the page; NULL if the kernel refuses @prot. */
struct gil_page *lock_map(int fd, int prot);
bool fast_acquire(struct gil_page *page, __u32 id);
bool fast_release(struct gil_page *page, __u32 id);
/* Does the page ask the owner to give way? */
bool is_asked(const struct gil_page *page);

/*
 * The last owner of the global lock may have died with it. Make it an ordinary
 * free lock again. A descriptor of it, or minus an errno.
 */
int lock_open_settled(void);

/* All bits are set if the kernel does not tell. */
struct gil_counts lock_counts(int fd);
struct gil_counts thread_counts(int fd, __u32 id);
__u32 lock_owner(int fd);
__u32 lock_waiting(int fd);
__u32 lock_threads(int fd);
__u32 lock_bound(int fd);
__u32 thread_state(int fd, __u32 id);

/* Wait for a condition: false if it has not come true within LIMIT_NS. */
#define UNTIL(condition) ({						\
	__u64 start_ = now_ns();					\
	bool true_ = (condition);					\
									\
	while (!true_ && until_again(start_))				\
		true_ = (condition);					\
	true_;								\
})

/* A part of UNTIL(): let others run; false if LIMIT_NS is over. */
bool until_again(__u64 start);

bool until_waiting(int fd, __u32 waiting);
bool until_threads(int fd, __u32 threads);
bool until_bound(int fd, __u32 bound);
bool until_owner(int fd, __u32 id);
bool until_state(int fd, __u32 id, __u32 state);
bool until_drop_request(const struct gil_page *page);

#endif /* GIL_TEST_LOCK_H */
