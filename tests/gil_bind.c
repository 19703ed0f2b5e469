// SPDX-License-Identifier: GPL-2.0
/*
 * Binding: what the ioctls accept, what a bound thread may do, which state it
 * is in, and how a binding ends.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/time.h>

#include "main.h"
#include "process.h"
#include "stage.h"

#define ALL (GIL_BIND_IO | GIL_BIND_SLICE | GIL_BIND_INHERIT | \
	     GIL_BIND_PER_PROCESS)

/* Neither the test nor an actor is attached yet. */
STAGE_FIXTURE(bind)

FIXTURE_SETUP(bind)
{
	int i;

	ASSERT_EQ(0, stage_open(&self->stage, 2, GIL_INTERVAL_MAX_NS));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, actor_start_unattached(&self->actors[i],
						    ACTOR_THREAD, self->fd));
		self->actors[i].argument = GIL_BIND_IO;
	}
}

static __u32 bound_flags(int fd, __u32 id)
{
	struct gil_thread_stats stats;

	return thread_stats(fd, id, &stats) ? ~0U : stats.bind;
}

static int act_release_soon(struct actor *actor)
{
	usleep(20000);
	actor->answer = lock_waiting(actor->fd);
	return lock_release(actor->fd, 0);
}

/* The thread neither has the lock nor waits for it, and is still bound. */
#define EXPECT_BOUND_AND_IDLE(actor)					\
	do {								\
		EXPECT_TRUE(until_state(self->fd, (actor)->id,		\
					GIL_STATE_IDLE));		\
		EXPECT_EQ((actor)->argument,				\
			  bound_flags(self->fd, (actor)->id));		\
	} while (0)

TEST_F(bind, flags_refused)
{
	static const __u32 flags[] = {
		0, GIL_BIND_SLICE, GIL_BIND_INHERIT, GIL_BIND_PER_PROCESS,
		ALL & ~GIL_BIND_IO, GIL_BIND_IO | GIL_BIND_PER_PROCESS,
		GIL_BIND_IO | GIL_BIND_SLICE | GIL_BIND_PER_PROCESS,
		GIL_BIND_IO | 0x10, GIL_BIND_IO | 0x80000000, ~0U,
	};
	struct gil_bind pad = { .flags = GIL_BIND_IO, .pad = 1 };
	struct gil_bind pad_top = { .flags = GIL_BIND_IO, .pad = 1U << 31 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_EQ(EINVAL, lock_bind(self->fd, flags[i]))
			TH_LOG("flags %#x", flags[i]);
	}
	EXPECT_EQ(EINVAL, lock_ioctl(self->fd, GIL_IOC_BIND, &pad));
	EXPECT_EQ(EINVAL, lock_ioctl(self->fd, GIL_IOC_BIND, &pad_top));
	EXPECT_EQ(EFAULT, lock_ioctl(self->fd, GIL_IOC_BIND, NULL));
	EXPECT_EQ(EFAULT, lock_ioctl(self->fd, GIL_IOC_BIND, (void *)1));
	/* The thread was not even attached. */
	EXPECT_EQ(0, lock_threads(self->fd));
	EXPECT_EQ(0, lock_bound(self->fd));
	EXPECT_EQ(0, lock_owner(self->fd));
}

TEST_F(bind, refused_rebind_changes_nothing)
{
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO | GIL_BIND_INHERIT));
	EXPECT_EQ(EINVAL, lock_bind(self->fd, 0));
	EXPECT_EQ(EINVAL, lock_bind(self->fd, GIL_BIND_SLICE));
	EXPECT_EQ(GIL_BIND_IO | GIL_BIND_INHERIT, bound_flags(self->fd, 0));
	EXPECT_EQ(1, lock_bound(self->fd));
	EXPECT_EQ(0, lock_unbind(self->fd));
}

/* Binding makes it the owner, binding again changes its flags only. */
TEST_F(bind, every_good_flag)
{
	static const __u32 flags[] = {
		GIL_BIND_IO, SLICED,
		GIL_BIND_IO | GIL_BIND_INHERIT,
		GIL_BIND_IO | GIL_BIND_SLICE | GIL_BIND_INHERIT,
		GIL_BIND_IO | GIL_BIND_INHERIT | GIL_BIND_PER_PROCESS, ALL,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		for (j = 0; j < ARRAY_SIZE(flags); j++) {
			EXPECT_EQ(0, lock_bind(self->fd, flags[i]));
			EXPECT_EQ(flags[i], bound_flags(self->fd, 0));
			EXPECT_EQ(0, lock_bind(self->fd, flags[j]));
			EXPECT_EQ(flags[j], bound_flags(self->fd, 0));
			EXPECT_EQ(1, lock_bound(self->fd));
			EXPECT_STATE(0, OWNER);
			EXPECT_EQ(0, lock_unbind(self->fd));
			EXPECT_EQ(0, bound_flags(self->fd, 0));
			EXPECT_EQ(0, lock_bound(self->fd));
			EXPECT_EQ(0, lock_owner(self->fd));
			EXPECT_STATE(0, IDLE);
		}
	EXPECT_EQ(1, lock_threads(self->fd));
	EXPECT_EQ(0, self->page->word);
}

TEST_F(bind, unbind_without_bind)
{
	int other = ASSERT_FD(lock_create(0));

	EXPECT_EQ(ENOENT, lock_unbind(self->fd));
	ASSERT_EQ(0, lock_attach(self->fd, NULL));
	EXPECT_EQ(ENOENT, lock_unbind(self->fd));
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_EQ(ENOENT, lock_unbind(other));
	EXPECT_EQ(0, lock_unbind(self->fd));
	EXPECT_EQ(ENOENT, lock_unbind(self->fd));
}

TEST_F(bind, one_lock_at_a_time)
{
	int other = ASSERT_FD(lock_create(0));

	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_EQ(EBUSY, lock_bind(other, GIL_BIND_IO));
	EXPECT_EQ(0, lock_bound(other));
	EXPECT_EQ(0, lock_owner(other));
	/* It may use the other lock as any thread may. */
	EXPECT_EQ(0, lock_turn(other));
	ASSERT_EQ(0, lock_unbind(self->fd));
	EXPECT_EQ(0, lock_bind(other, GIL_BIND_IO));
	EXPECT_EQ(EBUSY, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_EQ(0, lock_unbind(other));
}

/* Two open files of one lock: only the one that bound it can unbind it. */
TEST_F(bind, one_descriptor_at_a_time)
{
	int one = ASSERT_FD(lock_open_settled()), two = ASSERT_FD(lock_open());

	ASSERT_EQ(0, lock_bind(one, GIL_BIND_IO));
	EXPECT_EQ(EBUSY, lock_bind(two, GIL_BIND_IO));
	EXPECT_EQ(ENOENT, lock_unbind(two));
	EXPECT_EQ(1, lock_bound(two));
	EXPECT_EQ(0, lock_unbind(one));
}

/* A duplicate is the same open file. */
TEST_F(bind, by_a_duplicate)
{
	int copy = ASSERT_FD(dup(self->fd));

	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_EQ(0, lock_bind(copy, SLICED));
	EXPECT_EQ(0, lock_unbind(copy));
	EXPECT_EQ(0, lock_bound(self->fd));
}

TEST_F_TIMEOUT(bind, waits_for_the_owner, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	actor_begin(self->a, act_bind);
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_FALSE(actor_ended(self->a));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_BOUND_AND_IDLE(self->a);
}

/* A handler runs in user mode, so it waits for the lock as well. */
TEST_F_TIMEOUT(bind, signals_wait_for_the_lock, PATIENCE)
{
	ASSERT_EQ(0, count_signal(SIGUSR1, 0));
	ASSERT_EQ(0, actor_do(self->a, act_attach));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue_by(self->a, act_bind));
	actor_signal(self->a, SIGUSR1);
	usleep(20000);
	EXPECT_EQ(0, signals_counted);
	EXPECT_STATE(self->a->id, QUEUED);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(1, signals_counted);
}

TEST_F_TIMEOUT(bind, as_an_owner, PATIENCE)
{
	__u32 id;

	ASSERT_EQ(0, lock_attach(self->fd, &id));
	/* It acquires by the kernel first, and by the fast path below. */
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_EQ(id, lock_owner(self->fd));
	EXPECT_EQ(EDEADLK, lock_acquire(self->fd, 0, 0));
	ASSERT_EQ(0, lock_unbind(self->fd));
	EXPECT_EQ(0, lock_owner(self->fd));

	ASSERT_TRUE(fast_acquire(self->page, id));
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_EQ(id, lock_owner(self->fd));
	EXPECT_EQ(id | GIL_WORD_KERNEL, self->page->word);
	/* The kernel has taken the lock over, so the fast path cannot release it. */
	EXPECT_FALSE(fast_release(self->page, id));
	EXPECT_EQ(0, lock_unbind(self->fd));
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_EQ(0, self->page->word);
}

TEST_F_TIMEOUT(bind, while_queued, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	actor_begin(self->a, act_bind);
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_BOUND_AND_IDLE(self->a);
	EXPECT_EQ(0, lock_turn(self->fd));
}

TEST_F_TIMEOUT(bind, while_granted, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	ASSERT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_do(self->a, act_bind));
	EXPECT_BOUND_AND_IDLE(self->a);
	EXPECT_EQ(0, lock_turn(self->fd));
}

TEST_F_TIMEOUT(bind, unbind_gives_the_lock_up, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->b, act_attach));
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	actor_begin(self->b, act_acquire);
	/* Do not block here: that would give the lock up as well. */
	while (!lock_waiting(self->fd))
		;
	EXPECT_EQ(0, lock_unbind(self->fd));
	EXPECT_EQ(0, actor_end(self->b));
	EXPECT_EQ(self->b->id, lock_owner(self->fd));
	EXPECT_EQ(0, actor_do(self->b, act_release));
}

TEST_F(bind, what_an_owner_may_not_do)
{
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_EQ(EDEADLK, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(EDEADLK, lock_acquire(self->fd, GIL_ACQUIRE_TRY, 0));
	EXPECT_EQ(EDEADLK, lock_acquire(self->fd, GIL_ACQUIRE_DEADLINE, 1));
	EXPECT_EQ(EINVAL, lock_acquire(self->fd, GIL_ACQUIRE_ENQUEUE, 0));
	EXPECT_EQ(ENOENT, lock_cancel(self->fd));
	EXPECT_STATE(0, OWNER);
	/* Nobody waits, so a yield does nothing. */
	EXPECT_EQ(0, lock_yield(self->fd));
	EXPECT_STATE(0, OWNER);
	EXPECT_EQ(0, lock_unbind(self->fd));
}

/* After a release, a bound thread is like any other until it acquires. */
TEST_F_TIMEOUT(bind, outside, PATIENCE)
{
	ASSERT_EQ(0, lock_bind(self->fd, SLICED));
	ASSERT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_STATE(0, IDLE);
	EXPECT_EQ(SLICED, bound_flags(self->fd, 0));
	EXPECT_EQ(1, lock_bound(self->fd));
	EXPECT_EQ(EPERM, lock_release(self->fd, 0));
	EXPECT_EQ(EPERM, lock_yield(self->fd));
	EXPECT_EQ(EINVAL, lock_acquire(self->fd, GIL_ACQUIRE_ENQUEUE, 0));
	/* To block and to come back does not make it the owner. */
	usleep(1000);
	EXPECT_EQ(0, lock_owner(self->fd));
	/* Another thread may have the lock meanwhile. */
	ASSERT_EQ(0, actor_do(self->b, act_attach));
	EXPECT_EQ(0, actor_do(self->b, act_acquire));
	EXPECT_EQ(EBUSY, lock_acquire(self->fd, GIL_ACQUIRE_TRY, 0));
	EXPECT_EQ(ETIMEDOUT, lock_acquire(self->fd, GIL_ACQUIRE_DEADLINE,
					  now_ns() + MS));
	EXPECT_STATE(0, IDLE);
	EXPECT_EQ(0, actor_do(self->b, act_release));
	/* It acquires, and is the owner again. */
	EXPECT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_STATE(0, OWNER);
	usleep(1000);
	EXPECT_STATE(0, OWNER);
	EXPECT_EQ(0, lock_unbind(self->fd));
	EXPECT_EQ(0, lock_owner(self->fd));
}

/* To bind again makes it the owner before it returns to user mode. */
TEST_F_TIMEOUT(bind, bound_again_outside, PATIENCE)
{
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	ASSERT_EQ(0, lock_release(self->fd, 0));
	ASSERT_EQ(0, actor_do(self->b, act_attach));
	ASSERT_EQ(0, actor_do(self->b, act_acquire));
	actor_begin(self->b, act_release_soon);
	ASSERT_EQ(0, lock_bind(self->fd, SLICED));
	EXPECT_EQ(1, self->b->answer);
	EXPECT_EQ(0, actor_end(self->b));
	EXPECT_STATE(0, OWNER);
	EXPECT_EQ(SLICED, bound_flags(self->fd, 0));
	EXPECT_EQ(1, lock_bound(self->fd));
	EXPECT_EQ(0, lock_unbind(self->fd));
}

/* With a place in the queue it could get the lock and block elsewhere. */
TEST_F_TIMEOUT(bind, keeps_no_place_outside, PATIENCE)
{
	struct itimerval soon = { .it_value.tv_usec = 20000 }, never = { 0 };

	ASSERT_EQ(0, count_signal(SIGALRM, 0));
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	ASSERT_EQ(0, lock_release(self->fd, 0));
	ASSERT_EQ(0, actor_do(self->b, act_attach));
	ASSERT_EQ(0, actor_do(self->b, act_acquire));
	EXPECT_EQ(ETIMEDOUT, lock_acquire(self->fd, GIL_ACQUIRE_KEEP |
					  GIL_ACQUIRE_DEADLINE, now_ns() + MS));
	EXPECT_EQ(0, lock_waiting(self->fd));
	EXPECT_STATE(0, IDLE);
	soon.it_interval = soon.it_value;
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
	EXPECT_EQ(EINTR, lock_acquire(self->fd, GIL_ACQUIRE_KEEP, 0));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	EXPECT_EQ(0, lock_waiting(self->fd));
	EXPECT_EQ(ENOENT, lock_cancel(self->fd));
	EXPECT_EQ(0, actor_do(self->b, act_release));
	EXPECT_EQ(0, lock_unbind(self->fd));
}

TEST_F(bind, unbind_outside)
{
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	ASSERT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, lock_unbind(self->fd));
	EXPECT_EQ(0, lock_bound(self->fd));
	EXPECT_EQ(0, lock_owner(self->fd));
	/* To bind again makes it the owner again. */
	EXPECT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_STATE(0, OWNER);
	EXPECT_EQ(0, lock_unbind(self->fd));
}

/* Only its own acquire tells it of a dead owner, never the way to user mode. */
TEST_F_TIMEOUT(bind, dead_owners, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_attach));
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	ASSERT_EQ(0, lock_release(self->fd, 0));
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	actor_stop(self->a);
	EXPECT_EQ(EOWNERDEAD, lock_acquire(self->fd, 0, 0));
	ASSERT_EQ(0, lock_unbind(self->fd));

	ASSERT_EQ(0, actor_start(self->a, ACTOR_THREAD, self->fd));
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	actor_stop(self->a);
	EXPECT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_STATE(0, OWNER);
	EXPECT_EQ(0, lock_unbind(self->fd));
	EXPECT_EQ(2, lock_counts(self->fd).owner_deaths);
}

/* Compute until another thread waits, and then yield to it. */
static int act_yield_when_waited_for(struct actor *actor)
{
	while (!lock_waiting(actor->fd))
		;
	return lock_yield(actor->fd);
}

TEST_F_TIMEOUT(bind, yield, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_bind));
	ASSERT_EQ(0, actor_do(self->b, act_attach));
	actor_begin(self->a, act_yield_when_waited_for);
	ASSERT_TRUE(UNTIL_STATE(self->a->id, OWNER));
	actor_begin(self->b, act_acquire);
	EXPECT_EQ(0, actor_end(self->b));
	EXPECT_EQ(self->b->id, lock_owner(self->fd));
	EXPECT_FALSE(actor_ended(self->a));
	EXPECT_EQ(0, actor_do(self->b, act_release));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(1, thread_counts(self->fd, self->a->id).yields);
	EXPECT_EQ(0, thread_counts(self->fd, self->a->id).forced_switches);
}

/* Without GIL_BIND_SLICE an owner is asked to give way; with it, it must. */
TEST_F_TIMEOUT(bind, asked_or_made_to, PATIENCE)
{
	ASSERT_EQ(0, lock_set_interval(self->fd, 5 * MS));
	ASSERT_EQ(0, actor_do(self->b, act_attach));
	ASSERT_EQ(0, actor_do(self->a, act_bind));
	ASSERT_TRUE(actor_hogs(self->a));
	ASSERT_TRUE(actor_queue(self->b));
	EXPECT_TRUE(until_drop_request(self->page));
	usleep(20000);
	EXPECT_EQ(self->a->id, lock_owner(self->fd));
	EXPECT_STATE(self->b->id, QUEUED);
	EXPECT_EQ(0, actor_halt(self->a));
	EXPECT_EQ(0, actor_end_turn(self->b));
	EXPECT_EQ(1, thread_counts(self->fd, self->a->id).drop_requests);
	EXPECT_EQ(0, thread_counts(self->fd, self->a->id).forced_switches);

	self->a->argument |= GIL_BIND_SLICE;
	ASSERT_EQ(0, actor_do(self->a, act_bind));
	ASSERT_TRUE(actor_hogs(self->a));
	/* This ends only because the kernel interrupts the hog. */
	EXPECT_EQ(0, actor_do(self->b, act_acquire));
	EXPECT_EQ(self->b->id, lock_owner(self->fd));
	EXPECT_EQ(1, thread_counts(self->fd, self->a->id).yields);
	EXPECT_EQ(1, thread_counts(self->fd, self->a->id).forced_switches);
	EXPECT_EQ(GIL_STATE_QUEUED, thread_state(self->fd, self->a->id));
	EXPECT_EQ(0, actor_do(self->b, act_release));
	EXPECT_TRUE(actor_runs(self->a));
	EXPECT_EQ(0, actor_halt(self->a));
}

/* A bound thread executes no instruction while another owns the lock. */
TEST_F_TIMEOUT(bind, stands_still_without_the_lock, PATIENCE)
{
	__u64 seen;

	ASSERT_EQ(0, lock_set_interval(self->fd, MS));
	self->a->argument |= GIL_BIND_SLICE;
	ASSERT_EQ(0, actor_do(self->a, act_bind));
	ASSERT_TRUE(actor_hogs(self->a));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	seen = self->a->rounds;
	usleep(30000);
	EXPECT_EQ(seen, self->a->rounds);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_TRUE(actor_runs(self->a));
	EXPECT_EQ(0, actor_halt(self->a));
}

/*
 * The interval is over before a thread is awake. Each turn must still let the
 * thread run in user mode.
 */
TEST_F_TIMEOUT(bind, shortest_interval, PATIENCE)
{
	static const char *const policies[] = {
		"fifo", "cpython", "io_first", "fair",
	};
	unsigned int i;

	ASSERT_EQ(0, lock_set_interval(self->fd, GIL_INTERVAL_MIN_NS));
	self->a->argument = SLICED;
	self->b->argument = SLICED;
	ASSERT_EQ(0, actor_do(self->a, act_bind));
	ASSERT_EQ(0, actor_do(self->b, act_bind));
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		ASSERT_EQ(0, lock_set_policy(self->fd, policies[i]));
		self->a->stop = false;
		self->b->stop = false;
		actor_begin(self->a, act_hog);
		actor_begin(self->b, act_hog);
		EXPECT_TRUE(actor_runs(self->a)) TH_LOG("%s", policies[i]);
		EXPECT_TRUE(actor_runs(self->b)) TH_LOG("%s", policies[i]);
		self->a->stop = true;
		self->b->stop = true;
		EXPECT_EQ(0, actor_end(self->a));
		EXPECT_EQ(0, actor_end(self->b));
	}
}

TEST_F_TIMEOUT(bind, statistics, PATIENCE)
{
	struct gil_thread_stats stats;
	struct gil_lock_stats lock;

	ASSERT_EQ(0, actor_do(self->a, act_bind));
	ASSERT_EQ(0, actor_do(self->b, act_attach));
	EXPECT_EQ(0, lock_stats(self->fd, &lock));
	EXPECT_EQ(1, lock.bound);
	EXPECT_EQ(2, lock.threads);
	EXPECT_EQ(0, lock.pad2);
	EXPECT_EQ(0, thread_stats(self->fd, self->a->id, &stats));
	EXPECT_EQ(GIL_BIND_IO, stats.bind);
	EXPECT_EQ(self->a->tid, stats.tid);
	EXPECT_EQ(getpid(), stats.tgid);
	EXPECT_EQ(lock.lock, stats.lock);
	EXPECT_LT(0, stats.cpu_ns);
	EXPECT_EQ(0, stats.pad2);
	EXPECT_EQ(0, thread_stats(self->fd, self->b->id, &stats));
	EXPECT_EQ(0, stats.bind);
	ASSERT_EQ(0, actor_do(self->b, act_bind));
	EXPECT_EQ(2, lock_bound(self->fd));
	actor_stop(self->b);
	EXPECT_TRUE(until_bound(self->fd, 1));
	EXPECT_TRUE(until_threads(self->fd, 1));
}

struct passer_by {
	int fd;
	sem_t go;
	pthread_t thread;
};

static void *bind_and_end(void *arg)
{
	struct passer_by *passer_by = arg;

	if (lock_bind(passer_by->fd, GIL_BIND_IO))
		return NULL;
	sem_wait(&passer_by->go);
	return NULL;
}

/* While threads end, the statistics never show more bound than attached. */
TEST_F_TIMEOUT(bind, ended_threads_are_not_bound, PATIENCE)
{
	struct passer_by one = { .fd = self->fd };
	struct gil_lock_stats stats;
	int i, odd = 0;

	ASSERT_EQ(0, sem_init(&one.go, 0, 0));
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, pthread_create(&one.thread, NULL, bind_and_end,
					    &one));
		ASSERT_TRUE(until_bound(self->fd, 1));
		sem_post(&one.go);
		do {
			ASSERT_EQ(0, lock_stats(self->fd, &stats));
			odd += stats.bound > stats.threads;
		} while (stats.threads);
		ASSERT_EQ(0, pthread_join(one.thread, NULL));
	}
	EXPECT_EQ(0, odd);
}

/* The CPU time is that of the thread's whole life, as its own clock says. */
TEST_F_TIMEOUT(bind, cpu_time, PATIENCE)
{
	struct timespec before, after;
	struct gil_thread_stats stats;
	__u64 low, high;

	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	EXPECT_EQ(0, thread_stats(self->fd, 0, &stats));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	low = before.tv_sec * 1000000000ULL + before.tv_nsec;
	high = after.tv_sec * 1000000000ULL + after.tv_nsec;
	/* The kernel's figure may be as old as its last tick. */
	EXPECT_LE(stats.cpu_ns, high);
	EXPECT_LE(low, stats.cpu_ns + 100 * MS);
	EXPECT_EQ(0, lock_unbind(self->fd));
}

/* The global lock, because another descriptor can still show its state. */
TEST_F_TIMEOUT(bind, outlives_its_descriptor, PATIENCE)
{
	int watch = ASSERT_FD(lock_open_settled());

	self->a->fd = ASSERT_FD(lock_open());
	ASSERT_EQ(0, actor_do(self->a, act_bind));
	close(self->a->fd);
	EXPECT_EQ(1, lock_bound(watch));
	EXPECT_EQ(self->a->argument, bound_flags(watch, self->a->id));
	/* It is still bound. */
	EXPECT_TRUE(actor_hogs(self->a));
	EXPECT_EQ(self->a->id, lock_owner(watch));
	EXPECT_EQ(EBUSY, lock_acquire(watch, GIL_ACQUIRE_TRY, 0));
	EXPECT_EQ(0, actor_halt(self->a));
	ASSERT_EQ(0, lock_acquire(watch, 0, 0));
	/* It waits for the lock, although its own descriptor is closed. */
	actor_begin(self->a, act_hog);
	ASSERT_TRUE(until_waiting(watch, 1));
	EXPECT_EQ(0, lock_release(watch, 0));
	EXPECT_TRUE(actor_runs(self->a));
	EXPECT_EQ(0, actor_halt(self->a));
	actor_stop(self->a);
	EXPECT_TRUE(until_bound(watch, 0));
	lock_acquire(watch, 0, 0);
	EXPECT_EQ(0, lock_release(watch, 0));
}

/* The fast path of manual users works beside bound threads that sleep. */
TEST_F_TIMEOUT(bind, beside_a_fast_owner, PATIENCE)
{
	__u64 seen;
	__u32 id;

	ASSERT_EQ(0, lock_attach(self->fd, &id));
	ASSERT_EQ(0, actor_do(self->a, act_bind));
	ASSERT_TRUE(UNTIL_STATE(self->a->id, IDLE));
	ASSERT_TRUE(fast_acquire(self->page, id));
	seen = self->a->rounds;
	ASSERT_TRUE(actor_queue_by(self->a, act_hog));
	usleep(10000);
	EXPECT_EQ(seen, self->a->rounds);
	/* Another thread waits, so only the kernel can release the lock. */
	EXPECT_FALSE(fast_release(self->page, id));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_TRUE(actor_runs(self->a));
	EXPECT_FALSE(fast_acquire(self->page, id));
	EXPECT_EQ(0, actor_halt(self->a));
	ASSERT_TRUE(UNTIL_STATE(self->a->id, IDLE));
	EXPECT_TRUE(fast_acquire(self->page, id));
	EXPECT_TRUE(fast_release(self->page, id));
}

/* To bind attaches, so the limit on attached locks holds here, too. */
TEST_F(bind, too_many_locks)
{
	int fds[GIL_THREAD_LOCKS_MAX], i;

	for (i = 0; i < GIL_THREAD_LOCKS_MAX; i++) {
		fds[i] = ASSERT_FD(lock_create(0));
		ASSERT_EQ(0, lock_attach(fds[i], NULL));
	}
	EXPECT_EQ(EMFILE, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_EQ(0, lock_threads(self->fd));
	EXPECT_EQ(0, lock_bind(fds[0], GIL_BIND_IO));
	EXPECT_EQ(0, lock_unbind(fds[0]));
}

TEST_F(bind, release_flags)
{
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	EXPECT_EQ(EINVAL, lock_release(self->fd, 4));
	EXPECT_EQ(EINVAL, lock_release(self->fd, ~0U));
	EXPECT_STATE(0, OWNER);
	EXPECT_EQ(0, lock_release(self->fd, GIL_RELEASE_IO));
	EXPECT_EQ(0, lock_acquire(self->fd, 0, 0));
	/* Nobody waits, so a lazy release is an ordinary one. */
	EXPECT_EQ(0, lock_release(self->fd, GIL_RELEASE_LAZY));
	EXPECT_STATE(0, IDLE);
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_EQ(0, lock_unbind(self->fd));
	/* Only a bound thread may release lazily. */
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(EINVAL, lock_release(self->fd, GIL_RELEASE_LAZY));
	EXPECT_STATE(0, OWNER);
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

GIL_BOUND_TEST_MAIN
