// SPDX-License-Identifier: GPL-2.0
/*
 * What a bound thread starts is bound as well, to the lock that the flags say.
 * The records tell, which name each thread's process and lock.
 */
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "main.h"
#include "lock.h"
#include "process.h"

#define FAMILY	(GIL_BIND_IO | GIL_BIND_SLICE | GIL_BIND_INHERIT)
#define APART	(FAMILY | GIL_BIND_PER_PROCESS)
#define MOST	16

FIXTURE(inherit)
{
	int fd;
	__u32 lock;
	struct gil_thread_stats threads[MOST];
	int count;
};

FIXTURE_SETUP(inherit)
{
	const struct gil_create create = { .flags = GIL_CREATE_RECORD };
	struct gil_lock_stats stats;

	self->fd = ASSERT_FD(lock_create_with(&create));
	ASSERT_EQ(0, lock_stats(self->fd, &stats));
	self->lock = stats.lock;
}

NO_TEARDOWN(inherit)

static void *do_nothing(void *arg)
{
	return arg;
}

static void *start_a_thread(void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, do_nothing, NULL) ||
	    pthread_join(thread, NULL))
		_exit(1);
	return arg;
}

/* Lives. Each is led by a bound process, which ends afterwards. */
static bool alone(void)
{
	return true;
}

static bool with_a_thread(void)
{
	start_a_thread(NULL);
	return true;
}

static bool with_a_threads_thread(void)
{
	pthread_t thread;

	return !pthread_create(&thread, NULL, start_a_thread, NULL) &&
	       !pthread_join(thread, NULL);
}

static pid_t cloned(__u64 flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	return syscall(SYS_clone3, &args, sizeof(args));
}

/* Start a child in some way, let it live, and wait for its end. */
#define CHILD(name, start, life)					\
	static bool name(void)						\
	{								\
		pid_t child = start;					\
									\
		if (!child) {						\
			life;						\
			_exit(0);					\
		}							\
		return !child_status(child);				\
	}

CHILD(with_a_child, fork(), _exit(0))
CHILD(with_a_child_of_threads, fork(), start_a_thread(NULL))
CHILD(with_a_grandchild, fork(), _exit(!with_a_child()))
CHILD(with_a_vforked_child, vfork(), _exit(0))
CHILD(with_a_program, vfork(), execl("/bin/true", "true", NULL); _exit(1))
CHILD(with_a_cloned_child, cloned(0), _exit(0))
/* The records have the ids of the reader's namespace. */
CHILD(with_a_child_in_a_namespace, cloned(CLONE_NEWPID), _exit(getpid() != 1))

/* Bind in a new process, and live there. */
static bool live(int fd, __u32 flags, bool (*how)(void))
{
	pid_t child = fork_with_parent();

	if (!child)
		_exit(lock_bind(fd, flags) || !how());
	return !child_status(child);
}

static int read_records(int fd, struct gil_thread_stats *threads)
{
	struct gil_record record;
	int count = 0;

	while (read(fd, &record, sizeof(record)) == sizeof(record))
		if (count < MOST)
			threads[count++] = record.thread;
	return count;
}

/* How many different values a field has among the records. */
#define DIFFERENT(field) ({						\
	int n_ = 0, i_, j_;						\
									\
	for (i_ = 0; i_ < self->count; i_++) {				\
		for (j_ = 0; j_ < i_; j_++)				\
			if (self->threads[i_].field ==			\
			    self->threads[j_].field)			\
				break;					\
		n_ += j_ == i_;						\
	}								\
	n_;								\
})

FIXTURE_VARIANT(inherit)
{
	bool (*how)(void);
	int processes;
	int threads;
	bool root;
};

#define LIFE(name, n_processes, n_threads, ...)				\
	FIXTURE_VARIANT_ADD(inherit, name) {				\
		.how = name, .processes = n_processes,			\
		.threads = n_threads, ##__VA_ARGS__			\
	}

LIFE(alone, 1, 1);
LIFE(with_a_thread, 1, 2);
LIFE(with_a_threads_thread, 1, 3);
LIFE(with_a_child, 2, 2);
LIFE(with_a_child_of_threads, 2, 3);
LIFE(with_a_grandchild, 3, 3);
LIFE(with_a_vforked_child, 2, 2);
LIFE(with_a_program, 2, 2);
LIFE(with_a_cloned_child, 2, 2);
LIFE(with_a_child_in_a_namespace, 2, 2, .root = true);

#define LIVE(flags)							\
	do {								\
		if (variant->root && getuid())				\
			SKIP(return, "only root makes such a namespace"); \
		ASSERT_TRUE(live(self->fd, flags, variant->how));	\
		self->count = read_records(self->fd, self->threads);	\
	} while (0)

TEST_F_TIMEOUT(inherit, one_lock, PATIENCE)
{
	int i;

	LIVE(FAMILY);
	EXPECT_EQ(variant->threads, self->count);
	EXPECT_EQ(variant->threads, DIFFERENT(tid));
	EXPECT_EQ(variant->threads, DIFFERENT(id));
	EXPECT_EQ(variant->processes, DIFFERENT(tgid));
	for (i = 0; i < self->count; i++) {
		EXPECT_EQ(self->lock, self->threads[i].lock);
		EXPECT_LT(0, self->threads[i].tid);
		EXPECT_EQ(FAMILY, self->threads[i].bind);
	}
	EXPECT_TRUE(until_threads(self->fd, 0));
	EXPECT_EQ(0, lock_bound(self->fd));
}

TEST_F_TIMEOUT(inherit, a_lock_for_each_process, PATIENCE)
{
	int i, j;

	LIVE(APART);
	EXPECT_EQ(variant->threads, self->count);
	EXPECT_EQ(variant->threads, DIFFERENT(tid));
	EXPECT_EQ(variant->processes, DIFFERENT(tgid));
	EXPECT_EQ(variant->processes, DIFFERENT(lock));
	/* Two threads share a lock exactly if they share a process. */
	for (i = 0; i < self->count; i++)
		for (j = 0; j < i; j++)
			EXPECT_EQ(self->threads[i].tgid ==
				  self->threads[j].tgid,
				  self->threads[i].lock ==
				  self->threads[j].lock);
}

/* Without the flag only the thread that bound itself is bound. */
TEST_F_TIMEOUT(inherit, nobody, PATIENCE)
{
	LIVE(SLICED);
	ASSERT_EQ(1, self->count);
	EXPECT_EQ(self->lock, self->threads[0].lock);
}

GIL_BOUND_TEST_MAIN
