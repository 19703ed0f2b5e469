// SPDX-License-Identifier: GPL-2.0
/* Every function of libgil: its success and its errors. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <gil.h>

#include "main.h"
#include "actor.h"
#include "process.h"

/* The actors use the handle of the test. */
static gil_t *shared;

static ACT(act_gil_acquire, gil_acquire(shared))
static ACT(act_gil_release, gil_release(shared))
static ACT(act_gil_yield, gil_yield(shared))
static ACT(act_gil_attach, gil_attach(shared, &actor->id))

static int turn(gil_t *g)
{
	return gil_acquire(g) ?: gil_release(g);
}

static ACT(act_gil_turn, turn(shared))

static int act_gil_acquire_until(struct actor *actor)
{
	struct timespec ts = {
		.tv_sec = actor->deadline_ns / 1000000000,
		.tv_nsec = actor->deadline_ns % 1000000000,
	};

	return gil_acquire_until(shared, &ts);
}

FIXTURE(libgil)
{
	gil_t *g;
	int fd;
	uint32_t id;
	struct actor *a;
};

FIXTURE_SETUP(libgil)
{
	struct gil_options options = { .interval_ns = GIL_INTERVAL_MAX_NS };

	ASSERT_EQ(0, gil_create(&self->g, &options));
	shared = self->g;
	self->fd = gil_fd(self->g);
	ASSERT_EQ(0, gil_attach(self->g, &self->id));
	self->a = actors_new(1);
	ASSERT_NE(NULL, self->a);
	ASSERT_EQ(0, actor_start_unattached(self->a, ACTOR_THREAD, self->fd));
	ASSERT_EQ(0, actor_do(self->a, act_gil_attach));
	/* No function of the library may change errno. */
	errno = 4711;
}

FIXTURE_TEARDOWN(libgil)
{
	EXPECT_EQ(4711, errno);
}

/* The test's own calls may change errno, so they save it. */
static bool is_queued(struct actor *actor)
{
	int saved = errno;
	bool queued = until_state(actor->fd, actor->id, GIL_STATE_QUEUED);

	errno = saved;
	return queued;
}

static bool queue_up(struct actor *actor)
{
	actor_begin(actor, act_gil_acquire);
	return is_queued(actor);
}

static int end_of(struct actor *actor)
{
	int saved = errno;
	int result = actor_end(actor);

	errno = saved;
	return result;
}

static int told_to(struct actor *actor, actor_fn act)
{
	actor_begin(actor, act);
	return end_of(actor);
}

TEST_F_TIMEOUT(libgil, acquire_and_release, PATIENCE)
{
	EXPECT_EQ(EPERM, gil_release(self->g));
	EXPECT_EQ(0, gil_acquire(self->g));
	EXPECT_EQ(self->id, lock_owner(self->fd));
	EXPECT_EQ(EDEADLK, gil_acquire(self->g));
	EXPECT_EQ(EDEADLK, gil_try_acquire(self->g));
	EXPECT_EQ(EDEADLK, gil_enqueue(self->g));
	EXPECT_EQ(0, gil_release(self->g));
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_EQ(EPERM, gil_release(self->g));
}

TEST_F_TIMEOUT(libgil, contended, PATIENCE)
{
	EXPECT_EQ(0, gil_acquire(self->g));
	EXPECT_EQ(EPERM, told_to(self->a, act_gil_release));
	ASSERT_TRUE(queue_up(self->a));
	EXPECT_EQ(0, gil_release(self->g));
	EXPECT_EQ(0, end_of(self->a));
	EXPECT_EQ(EBUSY, gil_try_acquire(self->g));
	EXPECT_EQ(EPERM, gil_release(self->g));
	EXPECT_EQ(EPERM, gil_yield(self->g));
	EXPECT_EQ(0, told_to(self->a, act_gil_release));
	EXPECT_EQ(0, gil_try_acquire(self->g));
	EXPECT_EQ(0, gil_release(self->g));
}

TEST_F_TIMEOUT(libgil, acquire_until, PATIENCE)
{
	static const struct timespec past[] = {
		{ 0, 0 }, { 0, 1 }, { 1, 0 }, { -1, 0 }, { -1, 999999999 },
	};
	struct gil_lock_stats stats;
	struct timespec soon;
	unsigned int i;

	EXPECT_EQ(0, told_to(self->a, act_gil_acquire));
	for (i = 0; i < ARRAY_SIZE(past); i++)
		EXPECT_EQ(ETIMEDOUT, gil_acquire_until(self->g, &past[i]));
	clock_gettime(CLOCK_MONOTONIC, &soon);
	soon.tv_nsec += 2 * MS;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_nsec -= 1000000000;
		soon.tv_sec++;
	}
	EXPECT_EQ(ETIMEDOUT, gil_acquire_until(self->g, &soon));
	EXPECT_LE(soon.tv_sec * 1000000000ULL + soon.tv_nsec, now_ns());
	EXPECT_EQ(0, lock_waiting(self->fd));
	EXPECT_EQ(0, gil_lock_stats(self->g, &stats));
	EXPECT_EQ(ARRAY_SIZE(past) + 1, stats.counts.timeouts);
	EXPECT_EQ(0, told_to(self->a, act_gil_release));
	for (i = 0; i < ARRAY_SIZE(past); i++) {
		EXPECT_EQ(0, gil_acquire_until(self->g, &past[i]));
		EXPECT_EQ(0, gil_release(self->g));
	}
}

static int act_acquire_until_the_end_of_time(struct actor *actor)
{
	struct timespec ts = {
		/* The first, as 64 bits of nanoseconds, wraps around to the past. */
		.tv_sec = actor->argument ? 18446744074L : LONG_MAX,
	};

	return gil_acquire_until(shared, &ts);
}

TEST_F_TIMEOUT(libgil, acquire_until_the_end_of_time, PATIENCE)
{
	for (self->a->argument = 0; self->a->argument < 2;
	     self->a->argument++) {
		EXPECT_EQ(0, gil_acquire(self->g));
		actor_begin(self->a, act_acquire_until_the_end_of_time);
		ASSERT_TRUE(is_queued(self->a));
		EXPECT_EQ(0, gil_release(self->g));
		EXPECT_EQ(0, end_of(self->a));
		EXPECT_EQ(0, told_to(self->a, act_gil_release));
	}
}

TEST_F_TIMEOUT(libgil, yield, PATIENCE)
{
	struct gil_thread_stats stats;

	EXPECT_EQ(EPERM, gil_yield(self->g));
	EXPECT_EQ(0, gil_acquire(self->g));
	EXPECT_EQ(0, gil_yield(self->g));
	actor_begin(self->a, act_gil_turn);
	ASSERT_TRUE(is_queued(self->a));
	EXPECT_EQ(0, gil_yield(self->g));
	EXPECT_EQ(0, end_of(self->a));
	EXPECT_EQ(0, gil_thread_stats(self->g, &stats));
	EXPECT_EQ(1, stats.counts.yields);
	EXPECT_EQ(GIL_STATE_OWNER, stats.state);
	EXPECT_EQ(0, gil_release(self->g));
}

TEST_F_TIMEOUT(libgil, checkpoint, PATIENCE)
{
	struct gil_thread_stats stats;

	EXPECT_EQ(0, gil_set_interval(self->g, 2 * MS));
	EXPECT_EQ(0, gil_acquire(self->g));
	EXPECT_EQ(0, gil_checkpoint(self->g));
	actor_begin(self->a, act_gil_turn);
	ASSERT_TRUE(is_queued(self->a));
	/* Until a checkpoint sees the request and gives way. */
	while (!actor_ended(self->a))
		ASSERT_EQ(0, gil_checkpoint(self->g));
	EXPECT_EQ(0, end_of(self->a));
	EXPECT_EQ(0, gil_thread_stats(self->g, &stats));
	EXPECT_EQ(1, stats.counts.drop_requests);
	EXPECT_EQ(1, stats.counts.forced_switches);
	EXPECT_EQ(0, gil_checkpoint(self->g));
	EXPECT_EQ(0, gil_release(self->g));
}

TEST_F_TIMEOUT(libgil, io, PATIENCE)
{
	struct gil_thread_stats thread;
	struct gil_lock_stats lock;
	ssize_t n = 0;
	char byte;
	int i;

	EXPECT_EQ(EPERM, gil_io_begin(self->g));
	EXPECT_EQ(0, gil_acquire(self->g));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, gil_io_begin(self->g));
		EXPECT_EQ(0, lock_owner(self->fd));
		EXPECT_EQ(0, gil_io_end(self->g));
		EXPECT_EQ(self->id, lock_owner(self->fd));
	}
	/* GIL_IO() keeps the errno of its statement. */
	GIL_IO(self->g, n = read(-1, &byte, 1));
	EXPECT_EQ(-1, n);
	EXPECT_EQ(EBADF, errno);
	errno = 4711;
	GIL_IO(self->g, ssize_t a = 1, b = 2; n = a + b);
	EXPECT_EQ(3, n);
	ASSERT_TRUE(queue_up(self->a));
	EXPECT_EQ(0, gil_io_begin(self->g));
	EXPECT_EQ(0, end_of(self->a));
	EXPECT_EQ(0, told_to(self->a, act_gil_release));
	EXPECT_EQ(0, gil_io_end(self->g));
	EXPECT_EQ(0, gil_release(self->g));
	EXPECT_EQ(0, gil_thread_stats(self->g, &thread));
	EXPECT_EQ(6, thread.counts.io_releases);
	EXPECT_EQ(0, gil_lock_stats(self->g, &lock));
	EXPECT_EQ(6, lock.counts.io_releases);
}

TEST_F_TIMEOUT(libgil, contended_io_keeps_errno, PATIENCE)
{
	int n = 0;

	EXPECT_EQ(0, gil_acquire(self->g));
	ASSERT_TRUE(queue_up(self->a));
	/* Both calls enter the kernel, so they could lose errno. */
	gil_io_begin(self->g);
	EXPECT_EQ(0, end_of(self->a));
	n = close(-1);
	actor_begin(self->a, act_gil_release);
	gil_io_end(self->g);
	EXPECT_EQ(-1, n);
	EXPECT_EQ(EBADF, errno);
	errno = 4711;
	EXPECT_EQ(0, end_of(self->a));
	EXPECT_EQ(0, gil_release(self->g));
}

TEST_F_TIMEOUT(libgil, enqueue_wait_cancel, PATIENCE)
{
	static const struct timespec past;
	struct pollfd pollfd = { .fd = self->fd, .events = POLLIN };

	EXPECT_EQ(ENOENT, gil_wait(self->g, NULL));
	EXPECT_EQ(ENOENT, gil_cancel(self->g));
	EXPECT_EQ(0, gil_enqueue(self->g));
	EXPECT_EQ(0, gil_release(self->g));
	EXPECT_EQ(0, told_to(self->a, act_gil_acquire));
	EXPECT_EQ(EINPROGRESS, gil_enqueue(self->g));
	EXPECT_EQ(ETIMEDOUT, gil_wait(self->g, &past));
	EXPECT_EQ(1, lock_waiting(self->fd));
	EXPECT_EQ(EBUSY, gil_try_acquire(self->g));
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	EXPECT_EQ(0, told_to(self->a, act_gil_release));
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(0, gil_wait(self->g, NULL));
	EXPECT_EQ(self->id, lock_owner(self->fd));
	EXPECT_EQ(EDEADLK, gil_wait(self->g, NULL));
	EXPECT_EQ(0, gil_release(self->g));
	EXPECT_EQ(0, told_to(self->a, act_gil_acquire));
	EXPECT_EQ(EINPROGRESS, gil_enqueue(self->g));
	EXPECT_EQ(0, gil_cancel(self->g));
	EXPECT_EQ(0, lock_waiting(self->fd));
	EXPECT_EQ(EINPROGRESS, gil_enqueue(self->g));
	EXPECT_EQ(0, told_to(self->a, act_gil_release));
	EXPECT_EQ(0, gil_cancel(self->g));
	EXPECT_EQ(0, lock_owner(self->fd));
}

TEST_F_TIMEOUT(libgil, owner_death, PATIENCE)
{
	EXPECT_EQ(0, told_to(self->a, act_gil_acquire));
	actor_stop(self->a);
	ASSERT_TRUE(until_threads(self->fd, 1));
	EXPECT_EQ(EOWNERDEAD, gil_acquire(self->g));
	EXPECT_EQ(0, gil_release(self->g));
	EXPECT_EQ(0, turn(self->g));
}

TEST_F_TIMEOUT(libgil, settings, PATIENCE)
{
	char long_name[64];
	struct gil_policy policy;
	uint64_t interval = 0;

	EXPECT_EQ(0, gil_get_interval(self->g, &interval));
	EXPECT_EQ(GIL_INTERVAL_MAX_NS, interval);
	EXPECT_EQ(0, gil_set_interval(self->g, GIL_INTERVAL_MIN_NS));
	EXPECT_EQ(EINVAL, gil_set_interval(self->g, 0));
	EXPECT_EQ(EINVAL, gil_set_interval(self->g, GIL_INTERVAL_MAX_NS + 1));
	EXPECT_EQ(0, gil_get_interval(self->g, &interval));
	EXPECT_EQ(GIL_INTERVAL_MIN_NS, interval);
	EXPECT_EQ(0, gil_set_policy(self->g, "fifo"));
	EXPECT_EQ(ENOENT, gil_set_policy(self->g, "nonsense"));
	EXPECT_EQ(ENOENT, gil_set_policy(self->g, ""));
	memset(long_name, 'f', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	EXPECT_EQ(EINVAL, gil_set_policy(self->g, long_name));
	EXPECT_EQ(0, gil_get_policy(self->g, &policy));
	EXPECT_STREQ("fifo", policy.name);
}

TEST_F_TIMEOUT(libgil, create, PATIENCE)
{
	struct gil_options options = { .interval_ns = 1234567 };
	char long_name[64];
	uint64_t interval;
	gil_t *g = NULL;

	EXPECT_EQ(0, gil_create(&g, &options));
	EXPECT_EQ(0, gil_get_interval(g, &interval));
	EXPECT_EQ(1234567, interval);
	EXPECT_EQ(FD_CLOEXEC, fcntl(gil_fd(g), F_GETFD));
	gil_close(g);
	EXPECT_EQ(0, gil_create(&g, NULL));
	gil_close(g);
	options.policy = "fifo";
	EXPECT_EQ(0, gil_create(&g, &options));
	gil_close(g);
	options.policy = "nonsense";
	EXPECT_EQ(ENOENT, gil_create(&g, &options));
	memset(long_name, 'f', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	options.policy = long_name;
	EXPECT_EQ(EINVAL, gil_create(&g, &options));
	options = (struct gil_options){ .interval_ns = 1 };
	EXPECT_EQ(EINVAL, gil_create(&g, &options));
	gil_close(NULL);
}

static int lowest_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

TEST_F_TIMEOUT(libgil, failures_leak_no_descriptor, PATIENCE)
{
	struct gil_options options = { .interval_ns = 1 };
	int lowest = lowest_descriptor();
	struct rlimit limit;
	gil_t *g;

	EXPECT_EQ(EINVAL, gil_create(&g, &options));
	EXPECT_EQ(lowest, lowest_descriptor());
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = lowest + 1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(EMFILE, gil_create(&g, NULL));
	EXPECT_EQ(lowest, lowest_descriptor());
}

TEST_F_TIMEOUT(libgil, import, PATIENCE)
{
	int fd = dup(self->fd), other[2];
	gil_t *g;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, gil_import(&g, fd));
	EXPECT_EQ(fd, gil_fd(g));
	/* The same lock, the same context. */
	EXPECT_EQ(0, gil_acquire(g));
	EXPECT_EQ(EDEADLK, gil_acquire(self->g));
	EXPECT_EQ(0, gil_release(self->g));
	gil_close(g);
	EXPECT_EQ(0, turn(self->g));
	EXPECT_EQ(EBADF, gil_import(&g, -1));
	ASSERT_EQ(0, pipe(other));
	EXPECT_EQ(ENOTTY, gil_import(&g, other[0]));
	/* The caller must still close the descriptor. */
	EXPECT_EQ(0, close(other[0]));
	EXPECT_EQ(0, close(other[1]));
}

TEST_F_TIMEOUT(libgil, global_lock, PATIENCE)
{
	struct gil_lock_stats stats;
	gil_t *one, *two;
	int err;

	ASSERT_EQ(0, gil_open(&one));
	ASSERT_EQ(0, gil_open(&two));
	err = gil_acquire(one);
	if (err == EOWNERDEAD)
		err = 0;
	EXPECT_EQ(0, err);
	EXPECT_EQ(EDEADLK, gil_acquire(two));
	EXPECT_EQ(0, gil_yield(one));
	EXPECT_EQ(0, gil_checkpoint(one));
	EXPECT_EQ(0, gil_io_begin(one));
	EXPECT_EQ(0, gil_io_end(one));
	EXPECT_EQ(0, gil_lock_stats(two, &stats));
	EXPECT_EQ(0, stats.lock);
	EXPECT_NE(0, stats.owner);
	EXPECT_EQ(0, gil_release(one));
	EXPECT_EQ(EPERM, gil_release(one));
	gil_close(one);
	gil_close(two);
}

/* More locks than libgil caches for a thread. */
TEST_F_TIMEOUT(libgil, many_locks, PATIENCE)
{
	enum { LOCKS = 40, ROUNDS = 5 };
	struct gil_thread_stats stats;
	gil_t *locks[LOCKS];
	int i, round;

	for (i = 0; i < LOCKS; i++)
		ASSERT_EQ(0, gil_create(&locks[i], NULL));
	for (round = 0; round < ROUNDS; round++) {
		/* All held at once, released in another order. */
		for (i = 0; i < LOCKS; i++)
			EXPECT_EQ(0, gil_acquire(locks[i]));
		for (i = 0; i < LOCKS; i++)
			EXPECT_EQ(EDEADLK, gil_acquire(locks[i]));
		for (i = 0; i < LOCKS; i++)
			EXPECT_EQ(0, gil_release(locks[i * 7 % LOCKS]));
		for (i = 0; i < LOCKS; i++)
			EXPECT_EQ(EPERM, gil_release(locks[i]));
	}
	for (i = 0; i < LOCKS; i++) {
		EXPECT_EQ(0, gil_thread_stats(locks[i], &stats));
		EXPECT_EQ(ROUNDS, stats.counts.fast_acquires +
			  stats.counts.slow_acquires);
		EXPECT_EQ(0, lock_owner(gil_fd(locks[i])));
		gil_close(locks[i]);
	}
}

TEST_F_TIMEOUT(libgil, fast_and_slow_are_all_counted, PATIENCE)
{
	struct gil_thread_stats thread;
	struct gil_lock_stats lock;
	int i;

	for (i = 0; i < 100; i++)
		EXPECT_EQ(0, turn(self->g));
	EXPECT_EQ(0, gil_thread_stats(self->g, &thread));
	EXPECT_EQ(0, gil_lock_stats(self->g, &lock));
	EXPECT_EQ(100, thread.counts.fast_acquires +
		  thread.counts.slow_acquires);
	EXPECT_EQ(100, lock.counts.fast_acquires + lock.counts.slow_acquires);
	if (!(((struct gil_page *)(void *)self->g)->flags & GIL_PAGE_TRACED))
		EXPECT_EQ(100, thread.counts.fast_acquires);
}

TEST_F_TIMEOUT(libgil, fork_by_one_of_many_threads, PATIENCE)
{
	pid_t child;
	int i;

	/* A child can use new locks and the one that it inherits. */
	for (i = 0; i < 20; i++) {
		child = ASSERT_CHILD(fork());
		if (!child) {
			gil_t *g;

			if (gil_create(&g, NULL) || turn(g))
				_exit(1);
			gil_close(g);
			_exit(turn(shared));
		}
		EXPECT_EQ(0, child_status(child));
	}
	EXPECT_EQ(0, turn(self->g));
	errno = 4711;
}

/* What the child of a fork does in the handler, before libgil's own handlers. */
static int (*in_fork_handler)(void);
static int fork_handler_failed;

static void fork_handler(void)
{
	if (in_fork_handler)
		fork_handler_failed = in_fork_handler();
}

static void register_first(void)
{
	pthread_atfork(NULL, NULL, fork_handler);
}

/* Before every shared library's constructors, so before libgil's. */
__attribute__((section(".preinit_array"), used))
static void (*const register_early)(void) = register_first;

static int fork_child(void)
{
	return fork();
}

/* Neither of these runs fork handlers. */
static int bare_fork_child(void)
{
	return _Fork();
}

static int clone_child(void)
{
	return (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0UL);
}

/* The parent's thread owns the lock or owned it before, by the fast path. */
static int uses_the_lock(void)
{
	uint32_t id = 0, parent = shared ? lock_owner(gil_fd(shared)) : 0;

	if (gil_release(shared) != EPERM)
		return 1;
	if (gil_checkpoint(shared))
		return 2;
	if (parent)
		return gil_try_acquire(shared) == EBUSY &&
		       !gil_attach(shared, &id) && id != parent ? 0 : 3;
	if (gil_acquire(shared) || gil_attach(shared, &id))
		return 4;
	return id && lock_owner(gil_fd(shared)) == id ? 0 : 5;
}

static int makes_and_closes(void)
{
	gil_t *g;

	if (gil_create(&g, NULL) || turn(g))
		return 1;
	gil_close(g);
	gil_close(shared);
	return 0;
}

/* Holds the lock until the parent has tried it. */
static void end_child(int failed, int pipe_fd)
{
	char byte;

	if (read(pipe_fd, &byte, 1))
		failed = 99;
	_exit(failed);
}

FIXTURE(libgil_fork)
{
	int fds[2];
};

FIXTURE_VARIANT(libgil_fork)
{
	int (*make)(void);
	bool in_handler;
};

FIXTURE_VARIANT_ADD(libgil_fork, fork) { .make = fork_child };
FIXTURE_VARIANT_ADD(libgil_fork, handler) { .make = fork_child,
					    .in_handler = true };
FIXTURE_VARIANT_ADD(libgil_fork, bare_fork) { .make = bare_fork_child };
FIXTURE_VARIANT_ADD(libgil_fork, clone) { .make = clone_child };

FIXTURE_SETUP(libgil_fork)
{
	struct gil_options options = { .interval_ns = GIL_INTERVAL_MAX_NS };

	ASSERT_EQ(0, gil_create(&shared, &options));
	/* The second is by the fast path. */
	ASSERT_EQ(0, turn(shared));
	ASSERT_EQ(0, turn(shared));
	ASSERT_EQ(0, pipe(self->fds));
}

NO_TEARDOWN(libgil_fork)

/* Make the child, which does @act and stays until its pipe is closed. */
static pid_t start_child(int (*make)(void), bool in_handler, int (*act)(void),
			 const int *fds)
{
	pid_t child;

	in_fork_handler = in_handler ? act : NULL;
	child = make();
	in_fork_handler = NULL;
	if (child)
		return child;
	close(fds[1]);
	end_child(in_handler ? fork_handler_failed : act(), fds[0]);
	return -1;
}

TEST_F_TIMEOUT(libgil_fork, child_is_not_its_parent, PATIENCE)
{
	pid_t child;

	ASSERT_EQ(0, gil_acquire(shared));
	child = start_child(variant->make, variant->in_handler, uses_the_lock,
			    self->fds);
	ASSERT_LT(0, child);
	close(self->fds[1]);
	EXPECT_EQ(0, child_status(child));
	EXPECT_EQ(0, gil_release(shared));
}

TEST_F_TIMEOUT(libgil_fork, parent_is_not_its_child, PATIENCE)
{
	pid_t child = start_child(variant->make, variant->in_handler,
				  uses_the_lock, self->fds);

	ASSERT_LT(0, child);
	ASSERT_TRUE(UNTIL(lock_owner(gil_fd(shared))));
	EXPECT_EQ(EBUSY, gil_try_acquire(shared));
	EXPECT_EQ(EPERM, gil_release(shared));
	EXPECT_NE(0, lock_owner(gil_fd(shared)));
	close(self->fds[1]);
	EXPECT_EQ(0, child_status(child));
	EXPECT_EQ(EOWNERDEAD, gil_acquire(shared));
	EXPECT_EQ(0, gil_release(shared));
}

TEST_F_TIMEOUT(libgil_fork, child_makes_and_closes_locks, PATIENCE)
{
	pid_t child = start_child(variant->make, variant->in_handler,
				  makes_and_closes, self->fds);

	ASSERT_LT(0, child);
	close(self->fds[1]);
	EXPECT_EQ(0, child_status(child));
	EXPECT_EQ(0, turn(shared));
}

/* A lock that keeps records of threads that ended. */
enum { TURNS = 1000 };

static int take_turns(void)
{
	for (int i = 0; i < TURNS; i++)
		if (gil_acquire(shared) || gil_io_begin(shared) ||
		    gil_io_end(shared) || gil_release(shared))
			return 1;
	return 0;
}

static void *turns_then_return(void *unused)
{
	(void)unused;
	return take_turns() ? shared : NULL;
}

static void *turns_then_exit(void *unused)
{
	(void)unused;
	pthread_exit(take_turns() ? shared : NULL);
}

static void *turns_then_wait(void *ready)
{
	if (take_turns())
		return NULL;
	__atomic_store_n((int *)ready, 1, __ATOMIC_RELEASE);
	for (;;)
		pause();
	return NULL;
}

/* Runs after libgil's own destructor, because its key was made later. */
static void turns_in_destructor(void *unused)
{
	(void)unused;
	take_turns();
}

static void *turns_at_the_end(void *unused)
{
	static pthread_key_t key;

	(void)unused;
	if (pthread_key_create(&key, turns_in_destructor) ||
	    pthread_setspecific(key, shared))
		return shared;
	return take_turns() ? shared : NULL;
}

FIXTURE(libgil_counts) {};

FIXTURE_SETUP(libgil_counts)
{
	struct gil_options options = { .flags = GIL_CREATE_RECORD };

	(void)self;
	ASSERT_EQ(0, gil_create(&shared, &options));
	/* While this thread lives, the lock waits for more records. */
	ASSERT_EQ(0, gil_attach(shared, NULL));
}

NO_TEARDOWN(libgil_counts)

/* How often the next thread that ended had acquired and given up for I/O. */
static bool recorded(uint64_t acquires)
{
	struct gil_record record = { 0 };
	const struct gil_counts *counts = &record.thread.counts;
	ssize_t n = read(gil_fd(shared), &record, sizeof(record));

	printf("# %llu by the fast path, %llu by the kernel, %llu for I/O\n",
	       (unsigned long long)counts->fast_acquires,
	       (unsigned long long)counts->slow_acquires,
	       (unsigned long long)counts->io_releases);
	return n == sizeof(record) && counts->io_releases == acquires / 2 &&
	       counts->fast_acquires + counts->slow_acquires == acquires;
}

/* Did a new thread do this, and return or exit with NULL? */
static bool was_done(void *(*work)(void *))
{
	pthread_t thread;

	return !pthread_create(&thread, NULL, work, NULL) &&
	       threads_end_well(&thread, 1);
}

TEST_F_TIMEOUT(libgil_counts, thread_returns, PATIENCE)
{
	EXPECT_TRUE(was_done(turns_then_return));
	EXPECT_TRUE(recorded(2 * TURNS));
}

TEST_F_TIMEOUT(libgil_counts, thread_exits, PATIENCE)
{
	EXPECT_TRUE(was_done(turns_then_exit));
	EXPECT_TRUE(recorded(2 * TURNS));
}

TEST_F_TIMEOUT(libgil_counts, thread_is_cancelled, PATIENCE)
{
	pthread_t thread;
	void *result;
	int ready = 0;

	ASSERT_EQ(0, pthread_create(&thread, NULL, turns_then_wait, &ready));
	ASSERT_TRUE(UNTIL(__atomic_load_n(&ready, __ATOMIC_ACQUIRE)));
	ASSERT_EQ(0, pthread_cancel(thread));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(PTHREAD_CANCELED, result);
	EXPECT_TRUE(recorded(2 * TURNS));
}

TEST_F_TIMEOUT(libgil_counts, destructor_runs_later, PATIENCE)
{
	EXPECT_TRUE(was_done(turns_at_the_end));
	EXPECT_TRUE(recorded(4 * TURNS));
}

TEST_F_TIMEOUT(libgil_counts, process_exits, PATIENCE)
{
	pid_t child = ASSERT_CHILD(fork());

	if (!child)
		exit(take_turns());
	EXPECT_EQ(0, child_status(child));
	EXPECT_TRUE(recorded(2 * TURNS));
}

TEST_F_TIMEOUT(libgil_counts, handle_is_closed, PATIENCE)
{
	int fd = dup(gil_fd(shared));
	gil_t *other;
	pid_t child;

	ASSERT_EQ(0, gil_import(&other, fd));
	child = ASSERT_CHILD(fork());
	if (!child) {
		int failed = take_turns();

		gil_close(shared);
		/* Without running destructors. */
		_exit(failed);
	}
	EXPECT_EQ(0, child_status(child));
	EXPECT_TRUE(recorded(2 * TURNS));
}

/* The wait goes on in the same place, with or without SA_RESTART. */
TEST_F_TIMEOUT(libgil, signal_while_acquiring, PATIENCE)
{
	struct gil_thread_stats stats;
	int i;

	ASSERT_EQ(0, count_signal(SIGUSR1, 0));
	EXPECT_EQ(0, gil_acquire(self->g));
	ASSERT_TRUE(queue_up(self->a));
	for (i = 0; i < 5; i++) {
		actor_signal(self->a, SIGUSR1);
		ASSERT_TRUE(UNTIL(signals_counted == i + 1));
		EXPECT_EQ(1, lock_waiting(self->fd));
	}
	EXPECT_FALSE(actor_ended(self->a));
	errno = 4711;
	EXPECT_EQ(0, gil_release(self->g));
	EXPECT_EQ(0, end_of(self->a));
	EXPECT_EQ(0, thread_stats(self->fd, self->a->id, &stats));
	EXPECT_EQ(1, stats.counts.contended);
	EXPECT_EQ(0, stats.counts.interrupts);
}

TEST_F_TIMEOUT(libgil, signal_while_acquiring_until, PATIENCE)
{
	ASSERT_EQ(0, count_signal(SIGUSR1, 0));
	EXPECT_EQ(0, gil_acquire(self->g));
	self->a->deadline_ns = now_ns() + 300 * MS;
	actor_begin(self->a, act_gil_acquire_until);
	ASSERT_TRUE(is_queued(self->a));
	actor_signal(self->a, SIGUSR1);
	EXPECT_EQ(ETIMEDOUT, end_of(self->a));
	EXPECT_LE(self->a->deadline_ns, now_ns());
	EXPECT_EQ(1, signals_counted);
	EXPECT_EQ(0, lock_waiting(self->fd));
	EXPECT_EQ(0, gil_release(self->g));
}

TEST_F_TIMEOUT(libgil, signal_while_yielding, PATIENCE)
{
	ASSERT_EQ(0, count_signal(SIGUSR1, 0));
	EXPECT_EQ(0, told_to(self->a, act_gil_acquire));
	EXPECT_EQ(EINPROGRESS, gil_enqueue(self->g));
	actor_begin(self->a, act_gil_yield);
	ASSERT_TRUE(is_queued(self->a));
	actor_signal(self->a, SIGUSR1);
	ASSERT_TRUE(UNTIL(signals_counted == 1));
	EXPECT_FALSE(actor_ended(self->a));
	errno = 4711;
	EXPECT_EQ(0, gil_wait(self->g, NULL));
	EXPECT_EQ(0, gil_release(self->g));
	EXPECT_EQ(0, end_of(self->a));
	EXPECT_EQ(0, told_to(self->a, act_gil_release));
}

/* Four threads change a plain counter, and use the whole library. */
static uint64_t counter;

static void *count(void *arg)
{
	int i, rounds = (int)(intptr_t)arg;

	for (i = 0; i < rounds; i++) {
		if (gil_acquire(shared))
			return shared;
		counter++;
		if (gil_checkpoint(shared))
			return shared;
		counter++;
		if (i % 8 == 0) {
			gil_io_begin(shared);
			gil_io_end(shared);
		}
		counter++;
		if (i % 32 == 0 && gil_yield(shared))
			return shared;
		counter++;
		if (gil_release(shared))
			return shared;
	}
	return NULL;
}

TEST_F_TIMEOUT(libgil, exclusion, PATIENCE)
{
	enum { THREADS = 4, ROUNDS = 20000 };
	pthread_t threads[THREADS];
	int i;

	EXPECT_EQ(0, gil_set_interval(self->g, MS));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, count,
					    (void *)(intptr_t)ROUNDS));
	EXPECT_TRUE(threads_end_well(threads, THREADS));
	EXPECT_EQ(4ULL * THREADS * ROUNDS, counter);
	errno = 4711;
}

static gil_t *made[64];

static void *make_and_close(void *arg)
{
	int i, round, first = (int)(intptr_t)arg;

	for (round = 0; round < 20; round++) {
		for (i = 0; i < 16; i++)
			if (gil_create(&made[first + i], NULL) ||
			    gil_acquire(made[first + i]) ||
			    gil_release(made[first + i]))
				return shared;
		for (i = 0; i < 16; i++)
			gil_close(made[first + i]);
	}
	return NULL;
}

TEST_F_TIMEOUT(libgil, handles_come_and_go, PATIENCE)
{
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, make_and_close,
					    (void *)(intptr_t)(16 * i)));
	EXPECT_TRUE(threads_end_well(threads, 4));
	EXPECT_EQ(0, turn(self->g));
	errno = 4711;
}

GIL_TEST_MAIN
