// SPDX-License-Identifier: GPL-2.0
/* The gil ioctls and the fast path as functions: see lock.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"
#include "process.h"

__u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void spin_until(__u64 when_ns)
{
	while (now_ns() < when_ns)
		;
}

int lock_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? errno : 0;
}

int lock_open(void)
{
	int fd = open(GIL_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int lock_open_settled(void)
{
	int fd = lock_open();
	int err;

	if (fd < 0)
		return fd;
	err = lock_acquire(fd, GIL_ACQUIRE_DEADLINE, now_ns() + LIMIT_NS);
	if (err && err != EOWNERDEAD)
		return -err;
	lock_release(fd, 0);
	return fd;
}

/* The descriptor of the global lock is only needed for the call. */
int lock_create_with(const struct gil_create *create)
{
	int device = lock_open();
	int fd;

	if (device < 0)
		return device;
	fd = ioctl(device, GIL_IOC_CREATE, create);
	if (fd < 0)
		fd = -errno;
	close(device);
	return fd;
}

int lock_create(__u64 interval_ns)
{
	struct gil_create create = { .interval_ns = interval_ns };

	return lock_create_with(&create);
}

int lock_create_by_policy(const char *name)
{
	struct gil_create create = { .interval_ns = MS };

	snprintf(create.policy, sizeof(create.policy), "%s", name);
	return lock_create_with(&create);
}

int lock_attach(int fd, __u32 *id)
{
	struct gil_attach attach = { .id = 0 };
	int err = lock_ioctl(fd, GIL_IOC_ATTACH, &attach);

	if (!err && id)
		*id = attach.id;
	return err;
}

int lock_acquire(int fd, __u32 flags, __u64 deadline_ns)
{
	struct gil_acquire acquire = {
		.flags = flags,
		.deadline_ns = deadline_ns,
	};

	return lock_ioctl(fd, GIL_IOC_ACQUIRE, &acquire);
}

int lock_release(int fd, __u32 flags)
{
	struct gil_release release = { .flags = flags };

	return lock_ioctl(fd, GIL_IOC_RELEASE, &release);
}

int lock_turn(int fd)
{
	return lock_acquire(fd, 0, 0) ?: lock_release(fd, 0);
}

#define LOCK_CALL(name, request)					\
	int lock_##name(int fd)						\
	{								\
		return lock_ioctl(fd, request, NULL);			\
	}

LOCK_CALL(yield, GIL_IOC_YIELD)
LOCK_CALL(cancel, GIL_IOC_CANCEL)
LOCK_CALL(unbind, GIL_IOC_UNBIND)

int lock_bind(int fd, __u32 flags)
{
	struct gil_bind bind = { .flags = flags };

	return lock_ioctl(fd, GIL_IOC_BIND, &bind);
}

bool lock_can_bind(void)
{
	pid_t child = fork();

	/* In a child, because a thread that was bound stays so until it ends. */
	if (!child)
		_exit(lock_bind(lock_create(0), GIL_BIND_IO) == EOPNOTSUPP);
	return child_status(child) <= 0;
}

int lock_set_grace(int fd, __u64 grace_ns)
{
	return lock_ioctl(fd, GIL_IOC_SET_GRACE, &grace_ns);
}

int lock_set_interval(int fd, __u64 interval_ns)
{
	return lock_ioctl(fd, GIL_IOC_SET_INTERVAL, &interval_ns);
}

int lock_set_policy(int fd, const char *name)
{
	struct gil_policy policy = { "" };

	snprintf(policy.name, sizeof(policy.name), "%s", name);
	return lock_ioctl(fd, GIL_IOC_SET_POLICY, &policy);
}

int lock_stats(int fd, struct gil_lock_stats *stats)
{
	struct gil_stats ask = {
		.size = sizeof(*stats),
		.addr = (uintptr_t)stats,
	};

	return lock_ioctl(fd, GIL_IOC_LOCK_STATS, &ask);
}

int thread_stats(int fd, __u32 id, struct gil_thread_stats *stats)
{
	struct gil_stats ask = {
		.size = sizeof(*stats),
		.id = id,
		.addr = (uintptr_t)stats,
	};

	return lock_ioctl(fd, GIL_IOC_THREAD_STATS, &ask);
}

struct gil_page *lock_map(int fd, int prot)
{
	void *page = mmap(NULL, sysconf(_SC_PAGESIZE), prot, MAP_SHARED, fd, 0);

	return page == MAP_FAILED ? NULL : page;
}

bool fast_acquire(struct gil_page *page, __u32 id)
{
	__u32 nobody = 0;

	if (__atomic_load_n(&page->flags, __ATOMIC_RELAXED))
		return false;
	return __atomic_compare_exchange_n(&page->word, &nobody, id, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

bool fast_release(struct gil_page *page, __u32 id)
{
	if (__atomic_load_n(&page->flags, __ATOMIC_RELAXED))
		return false;
	return __atomic_compare_exchange_n(&page->word, &id, 0, false,
					   __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

bool is_asked(const struct gil_page *page)
{
	return __atomic_load_n(&page->drop_request, __ATOMIC_RELAXED);
}

/* The functions that read one figure of the lock, and wait for its value. */
#define LOCK_FIGURE(name)						\
	__u32 lock_##name(int fd)					\
	{								\
		struct gil_lock_stats stats;				\
									\
		return lock_stats(fd, &stats) ? ~0U : stats.name;	\
	}								\
									\
	bool until_##name(int fd, __u32 wanted)				\
	{								\
		return UNTIL(lock_##name(fd) == wanted);		\
	}

LOCK_FIGURE(owner)
LOCK_FIGURE(waiting)
LOCK_FIGURE(threads)
LOCK_FIGURE(bound)

struct gil_counts lock_counts(int fd)
{
	struct gil_lock_stats stats;

	if (lock_stats(fd, &stats))
		memset(&stats, 0xff, sizeof(stats));
	return stats.counts;
}

struct gil_counts thread_counts(int fd, __u32 id)
{
	struct gil_thread_stats stats;

	if (thread_stats(fd, id, &stats))
		memset(&stats, 0xff, sizeof(stats));
	return stats.counts;
}

__u32 thread_state(int fd, __u32 id)
{
	struct gil_thread_stats stats;

	return thread_stats(fd, id, &stats) ? ~0U : stats.state;
}

/* Let other threads run: at once at first, later for a while. */
bool until_again(__u64 start)
{
	struct timespec pause = { .tv_nsec = 200000 };
	__u64 waited = now_ns() - start;

	if (waited < MS)
		sched_yield();
	else
		nanosleep(&pause, NULL);
	return waited < LIMIT_NS;
}

bool until_state(int fd, __u32 id, __u32 state)
{
	return UNTIL(thread_state(fd, id) == state);
}

bool until_drop_request(const struct gil_page *page)
{
	return UNTIL(is_asked(page));
}
