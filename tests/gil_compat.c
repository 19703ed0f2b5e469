// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of 32-bit programs. A 64-bit program calls them by int 0x80, which
 * takes the compat path with the structures that a 32-bit program has.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "main.h"

#define COMPAT_NR_getpid	20
#define COMPAT_NR_ioctl		54

#ifdef __x86_64__
static long compat_syscall(long nr, unsigned long a, unsigned long b, void *c)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}
#else
static long compat_syscall(long nr, unsigned long a, unsigned long b, void *c)
{
	(void)nr;
	(void)a;
	(void)b;
	(void)c;
	return -ENOSYS;
}
#endif

static sigjmp_buf no_gate;

static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(no_gate, 1);
}

static bool have_gate(void)
{
	struct sigaction fault = { .sa_handler = on_fault };
	struct sigaction saved;
	volatile bool have = false;

	sigaction(SIGSEGV, &fault, &saved);
	if (!sigsetjmp(no_gate, 1))
		have = compat_syscall(COMPAT_NR_getpid, 0, 0, NULL) == getpid();
	sigaction(SIGSEGV, &saved, NULL);
	return have;
}

FIXTURE(compat)
{
	int fd;
	/* Below 4 GiB. */
	void *low;
};

FIXTURE_SETUP(compat)
{
	if (!have_gate())
		SKIP(return, "this kernel runs no 32-bit programs");
	self->fd = ASSERT_FD(lock_create(0));
#ifdef MAP_32BIT
	self->low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, self->low);
#endif
}

NO_TEARDOWN(compat)

static int compat_ioctl(int fd, unsigned int request, void *arg)
{
	return -compat_syscall(COMPAT_NR_ioctl, fd, request, arg);
}

TEST_F_TIMEOUT(compat, acquire_and_release, PATIENCE)
{
	struct gil_attach *attach = self->low;
	struct gil_acquire *acquire = self->low;
	struct gil_release *release = self->low;
	__u32 id;

	EXPECT_EQ(0, compat_ioctl(self->fd, GIL_IOC_ATTACH, attach));
	id = attach->id;
	EXPECT_LT(0, id);
	memset(self->low, 0, 4096);
	EXPECT_EQ(0, compat_ioctl(self->fd, GIL_IOC_ACQUIRE, acquire));
	EXPECT_EQ(id, lock_owner(self->fd));
	EXPECT_EQ(EDEADLK, compat_ioctl(self->fd, GIL_IOC_ACQUIRE, acquire));
	EXPECT_EQ(0, compat_ioctl(self->fd, GIL_IOC_YIELD, NULL));
	EXPECT_EQ(0, compat_ioctl(self->fd, GIL_IOC_RELEASE, release));
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_EQ(EPERM, compat_ioctl(self->fd, GIL_IOC_RELEASE, release));
	EXPECT_EQ(ENOENT, compat_ioctl(self->fd, GIL_IOC_CANCEL, NULL));
}

TEST_F_TIMEOUT(compat, stats_and_settings, PATIENCE)
{
	struct gil_stats *ask = self->low;
	struct gil_lock_stats *stats = (void *)((char *)self->low + 64);
	struct gil_policy *policy = self->low;
	__u64 *interval = self->low;

	ask->size = sizeof(*stats);
	ask->addr = (uintptr_t)stats;
	EXPECT_EQ(0, compat_ioctl(self->fd, GIL_IOC_LOCK_STATS, ask));
	EXPECT_STREQ("fifo", stats->policy);
	*interval = 12345678;
	EXPECT_EQ(0, compat_ioctl(self->fd, GIL_IOC_SET_INTERVAL, interval));
	*interval = 0;
	EXPECT_EQ(0, compat_ioctl(self->fd, GIL_IOC_GET_INTERVAL, interval));
	EXPECT_EQ(12345678, *interval);
	EXPECT_EQ(0, compat_ioctl(self->fd, GIL_IOC_GET_POLICY, policy));
	EXPECT_STREQ("fifo", policy->name);
	EXPECT_EQ(ENOTTY, compat_ioctl(self->fd, _IO(GIL_IOC_MAGIC, 0x7f),
				       NULL));
	EXPECT_EQ(EFAULT, compat_ioctl(self->fd, GIL_IOC_GET_INTERVAL, NULL));
}

GIL_TEST_MAIN
