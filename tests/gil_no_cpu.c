// SPDX-License-Identifier: GPL-2.0
/*
 * An owner that has no CPU, or that exits, does not keep the lock from others,
 * whatever the CPU scheduler does. Each owner here would otherwise be without a
 * CPU for most of a second.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "main.h"
#include "process.h"
#include "stage.h"

#define CGROUP		"/sys/fs/cgroup/gil_no_cpu"
#define INTERVAL	(5 * MS)
/* Far more than an interval, far less than the owner is without a CPU. */
#define BOUND		(400 * MS)
#define WATCH		(1200 * MS)
#define SIZE		(400UL << 20)

static bool be(int policy, int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	return !sched_setscheduler(0, policy, &param);
}

/* A few milliseconds of each second. */
static bool be_throttled(void)
{
	return write_text(CGROUP "/cpu.max", "5000 1000000") &&
	       write_text(CGROUP "/cgroup.procs", "0");
}

/* A real-time hog on its CPU leaves a twentieth of each second. */
static bool be_nice(void)
{
	return !use_cpu(0) && !setpriority(PRIO_PROCESS, 0, 19);
}

static bool be_idle(void)
{
	return !use_cpu(0) && be(SCHED_IDLE, 0);
}

static bool be_throttled_and_nice(void)
{
	return be_throttled() && be_nice();
}

FIXTURE(no_cpu)
{
	int fd;
	pid_t hog;
	pid_t owner;
};

FIXTURE_VARIANT(no_cpu)
{
	bool (*become)(void);
	bool hog;
	const char *policy;
};

#define VARIANT(name, how, beside_a_hog, by)				\
	FIXTURE_VARIANT_ADD(no_cpu, name)				\
	{								\
		.become = how, .hog = beside_a_hog, .policy = by,	\
	}

/* clang-format off */
VARIANT(throttled, be_throttled, false, "fifo");
VARIANT(throttled_io_first, be_throttled, false, "io_first");
VARIANT(throttled_fair, be_throttled, false, "fair");
VARIANT(throttled_cpython, be_throttled, false, "cpython");
VARIANT(nice, be_nice, true, "fifo");
VARIANT(nice_fair, be_nice, true, "fair");
VARIANT(idle, be_idle, true, "fifo");
VARIANT(throttled_and_nice, be_throttled_and_nice, true, "fifo");
/* clang-format on */

/* Compute under the lock for ever, or until the lock cannot be had. */
static void own(int fd, bool (*become)(void))
{
	if (become())
		lock_bind(fd, SLICED);
	for (;;)
		now_ns();
}

FIXTURE_SETUP(no_cpu)
{
	if (geteuid())
		SKIP(return, "only root makes real-time hogs and cgroups");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "the owner and the waiter need a CPU each");
	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+cpu");
	mkdir(CGROUP, 0755);
	if (access(CGROUP "/cpu.max", W_OK))
		SKIP(return, "no cgroup here limits CPU time");

	self->fd = ASSERT_FD(lock_create(INTERVAL));
	ASSERT_EQ(0, lock_set_policy(self->fd, variant->policy));
	if (variant->hog) {
		self->hog = fork_with_parent();
		if (!self->hog && !use_cpu(0) && be(SCHED_FIFO, 1))
			for (;;)
				;
		ASSERT_LT(0, self->hog);
	}
	self->owner = fork_with_parent();
	if (!self->owner)
		own(self->fd, variant->become);
	ASSERT_LT(0, self->owner);
	ASSERT_TRUE(until_bound(self->fd, 1));
}

FIXTURE_TEARDOWN(no_cpu)
{
	if (self->hog > 0)
		kill(self->hog, SIGKILL);
	if (self->owner > 0) {
		/* A throttled process needs CPU time to die. */
		write_text(CGROUP "/cpu.max", "max");
		kill(self->owner, SIGKILL);
	}
	while (wait(NULL) > 0)
		;
	rmdir(CGROUP);
	close(self->fd);
}

TEST_F_TIMEOUT(no_cpu, others_wait_no_longer_than_usual, PATIENCE)
{
	struct gil_thread_stats stats;
	__u64 start;
	pid_t pid = ASSERT_CHILD(fork_with_parent());

	if (!pid) {
		if (use_cpu(1) || lock_bind(self->fd, SLICED))
			_exit(1);
		/* Long enough for a wait, however little the owner runs. */
		start = now_ns();
		do {
			spin_until(now_ns() + WATCH);
			if (thread_stats(self->fd, 0, &stats))
				_exit(2);
		} while (!stats.counts.wait.count &&
			 now_ns() - start < LIMIT_NS);
		printf("# waited %llu times, %llu us at most\n",
		       stats.counts.wait.count,
		       stats.counts.wait.max_ns / 1000);
		fflush(stdout);
		/* There were waits, and none of them was long. */
		_exit(!stats.counts.wait.count ? 3 :
		      stats.counts.wait.max_ns >= BOUND ? 4 : 0);
	}
	EXPECT_EQ(0, child_status(pid));
}

/* Give the lock up and get it again in time, or not; nothing else. */
static void come_and_go(int fd, bool (*become)(void), volatile int *result)
{
	int ret = 0;

	if (!become() || lock_bind(fd, SLICED))
		_exit(1);
	for (;;) {
		ret = lock_release(fd, 0);
		if (ret && ret != EPERM)
			break;
		ret = lock_acquire(fd, GIL_ACQUIRE_DEADLINE, now_ns() + 20 * MS);
		if (ret && ret != ETIMEDOUT)
			break;
		if (!ret)
			spin_until(now_ns() + MS);
	}
	*result = ret;
	_exit(1);
}

TEST_F_TIMEOUT(no_cpu, a_timeout_leaves_nothing_behind, PATIENCE)
{
	volatile int *result = shared_new(sizeof(*result));
	pid_t pid;

	ASSERT_NE(NULL, result);
	pid = ASSERT_CHILD(fork_with_parent());
	if (!pid)
		come_and_go(self->fd, variant->become, result);
	ASSERT_TRUE(until_bound(self->fd, 2));
	ASSERT_EQ(0, lock_bind(self->fd, SLICED));
	spin_until(now_ns() + WATCH);
	EXPECT_EQ(0, lock_unbind(self->fd));
	EXPECT_EQ(0, *result);
	write_text(CGROUP "/cpu.max", "max");
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(pid, waitpid(pid, NULL, 0));
}

/* The memory of processes that is not backed by files, in kB. */
static long anonymous_kb(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kb = -1;

	while (file && kb < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "AnonPages: %ld", &kb);
	if (file)
		fclose(file);
	return kb;
}

FIXTURE(exits)
{
	STAGE;
	volatile bool *go;
};

FIXTURE_VARIANT(exits)
{
	bool bound;
	int signal;
	int told;
};

/* A bound thread that ends by itself does not count as dead. */
FIXTURE_VARIANT_ADD(exits, bound_by_itself)
{
	.bound = true,
};

FIXTURE_VARIANT_ADD(exits, bound_killed)
{
	.bound = true, .signal = SIGKILL, .told = EOWNERDEAD,
};

FIXTURE_VARIANT_ADD(exits, manual_by_itself)
{
	.told = EOWNERDEAD,
};

FIXTURE_VARIANT_ADD(exits, manual_killed)
{
	.signal = SIGKILL, .told = EOWNERDEAD,
};

FIXTURE_SETUP(exits)
{
	self->go = shared_new(sizeof(*self->go));
	ASSERT_NE(NULL, self->go);
	ASSERT_EQ(0, stage_set(&self->stage, 1, ACTOR_THREAD, INTERVAL));
}

NO_TEARDOWN(exits)

/*
 * Own the lock and much memory, in small pages, because the kernel needs long to
 * take those down. A bound owner that blocked would lose the lock.
 */
static void own_and_exit(int fd, bool bound, int sig, volatile bool *go)
{
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || madvise(memory, SIZE, MADV_NOHUGEPAGE) ||
	    madvise(memory, SIZE, MADV_POPULATE_WRITE))
		_exit(1);
	if (bound ? lock_bind(fd, GIL_BIND_IO) : lock_acquire(fd, 0, 0))
		_exit(1);
	while (!*go)
		;
	if (sig)
		raise(sig);
	_exit(0);
}

static int act_acquire_and_look(struct actor *actor)
{
	int ret = act_acquire(actor);

	actor->answer = anonymous_kb();
	return ret;
}

TEST_F_TIMEOUT(exits, does_not_keep_the_lock_until_its_memory_is_gone, PATIENCE)
{
	__u64 before = anonymous_kb();
	pid_t pid = ASSERT_CHILD(fork_with_parent());

	if (!pid)
		own_and_exit(self->fd, variant->bound, variant->signal,
			     self->go);
	ASSERT_TRUE(UNTIL(lock_owner(self->fd)));
	ASSERT_TRUE(actor_queue_by(self->a, act_acquire_and_look));
	*self->go = true;
	EXPECT_EQ(variant->told, actor_end(self->a));
	EXPECT_LT(before + (SIZE >> 12), self->a->answer);
	EXPECT_EQ(0, actor_do(self->a, act_release));
	waitpid(pid, NULL, 0);
}

GIL_BOUND_TEST_MAIN
