// SPDX-License-Identifier: GPL-2.0
/*
 * A lock never has two owners. Threads and processes acquire it in every way, by
 * the fast path and by the kernel; they give way, cancel, die and are killed. A
 * plain counter that they share must lose no update.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "main.h"
#include "lock.h"
#include "process.h"

#define WORKERS		6
#define RUN_NS		(500 * MS)

/* Shared by all workers, threads or processes. */
struct arena {
	int fd;
	struct gil_page *page;
	__u64 end;
	/* Not atomic: only the lock guards them. */
	volatile bool occupied;
	volatile __u64 counter;
	struct worker {
		struct arena *arena;
		unsigned int seed;
		bool fast;
		__u64 updates;
		__u64 overlaps;
		__u64 surprises;
		__u64 deaths;
		pid_t pid;
		pthread_t thread;
	} workers[WORKERS];
};

/* The caller has just acquired the lock, with @err: is it alone? */
static void check_in(struct worker *worker, int err)
{
	struct arena *arena = worker->arena;

	if (err == EOWNERDEAD) {
		worker->deaths++;
		arena->occupied = false;
	} else if (err) {
		worker->surprises++;
	}
	if (arena->occupied)
		worker->overlaps++;
	arena->occupied = true;
}

static void check_out(struct worker *worker)
{
	if (!worker->arena->occupied)
		worker->overlaps++;
	worker->arena->occupied = false;
}

/* Acquire in some way: 0 or EOWNERDEAD; or give up: EBUSY or ETIMEDOUT. */
static int enter(struct worker *worker, __u32 id)
{
	struct arena *arena = worker->arena;
	unsigned int how = rand_r(&worker->seed) % 6;
	int err;

	if (worker->fast && how < 4 && fast_acquire(arena->page, id))
		return 0;
	switch (how) {
	case 0:
		err = lock_acquire(arena->fd, GIL_ACQUIRE_TRY, 0);
		break;
	case 1:
		err = lock_acquire(arena->fd, GIL_ACQUIRE_DEADLINE,
				   now_ns() + rand_r(&worker->seed) % MS);
		break;
	case 2:
		err = lock_acquire(arena->fd, GIL_ACQUIRE_DEADLINE |
				   GIL_ACQUIRE_KEEP, 1);
		if (err == ETIMEDOUT)
			err = lock_cancel(arena->fd) ?: EBUSY;
		break;
	case 3:
		err = lock_acquire(arena->fd, GIL_ACQUIRE_ENQUEUE, 0);
		if (err == EINPROGRESS)
			err = lock_acquire(arena->fd, 0, 0);
		break;
	default:
		err = lock_acquire(arena->fd, 0, 0);
	}
	return err;
}

static void leave(struct worker *worker, __u32 id)
{
	struct arena *arena = worker->arena;

	check_out(worker);
	if (worker->fast && fast_release(arena->page, id))
		return;
	if (lock_release(arena->fd, 0))
		worker->surprises++;
}

static void update(struct worker *worker)
{
	int i;

	for (i = rand_r(&worker->seed) % 50; i >= 0; i--) {
		worker->arena->counter++;
		worker->updates++;
	}
}

static void work_once(struct worker *worker, __u32 id)
{
	int err = enter(worker, id);

	if (err == EBUSY || err == ETIMEDOUT)
		return;
	check_in(worker, err);
	update(worker);
	if (rand_r(&worker->seed) % 4 == 0 ||
	    worker->arena->page->drop_request) {
		check_out(worker);
		check_in(worker, lock_yield(worker->arena->fd));
		update(worker);
	}
	leave(worker, id);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	__u32 id;

	if (lock_attach(worker->arena->fd, &id)) {
		worker->surprises++;
		return NULL;
	}
	while (now_ns() < worker->arena->end)
		work_once(worker, id);
	return NULL;
}

FIXTURE(exclusion)
{
	struct arena *arena;
};

FIXTURE_VARIANT(exclusion)
{
	bool fast;
};

FIXTURE_VARIANT_ADD(exclusion, kernel_only) { .fast = false };
FIXTURE_VARIANT_ADD(exclusion, fast_path) { .fast = true };

FIXTURE_SETUP(exclusion)
{
	struct arena *arena = shared_new(sizeof(*arena));
	int i;

	ASSERT_NE(NULL, arena);
	self->arena = arena;
	/* A short interval: many drop requests. */
	arena->fd = ASSERT_FD(lock_create(MS / 4));
	arena->page = lock_map(arena->fd, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, arena->page);
	arena->end = now_ns() + RUN_NS;
	for (i = 0; i < WORKERS; i++) {
		arena->workers[i].arena = arena;
		arena->workers[i].seed = i + 1;
		arena->workers[i].fast = variant->fast;
	}
}

NO_TEARDOWN(exclusion)

static __u64 total(const struct arena *arena, size_t offset)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < WORKERS; i++)
		sum += *(__u64 *)((char *)&arena->workers[i] + offset);
	return sum;
}

#define TOTAL(field) total(self->arena, offsetof(struct worker, field))

#define EXPECT_NOTHING_LOST()						\
	do {								\
		EXPECT_EQ(0, TOTAL(overlaps));				\
		EXPECT_EQ(0, TOTAL(surprises));				\
		EXPECT_LT(0, self->arena->counter);			\
		EXPECT_EQ(TOTAL(updates), self->arena->counter);	\
		EXPECT_LEFT_FREE(self->arena->fd);				\
	} while (0)

TEST_F_TIMEOUT(exclusion, threads, PATIENCE)
{
	struct arena *arena = self->arena;
	int i;

	for (i = 0; i < WORKERS; i++)
		ASSERT_EQ(0, pthread_create(&arena->workers[i].thread, NULL,
					    work, &arena->workers[i]));
	for (i = 0; i < WORKERS; i++)
		ASSERT_EQ(0, pthread_join(arena->workers[i].thread, NULL));
	EXPECT_NOTHING_LOST();
	EXPECT_EQ(0, TOTAL(deaths));
}

/* A process that works until the end, or until it is killed. */
static pid_t spawn(struct worker *worker)
{
	pid_t child = fork_with_parent();

	if (child) {
		worker->pid = child;
		return child;
	}
	work(worker);
	_exit(0);
}

TEST_F_TIMEOUT(exclusion, processes, PATIENCE)
{
	struct arena *arena = self->arena;
	int i;

	for (i = 0; i < WORKERS; i++)
		ASSERT_LT(0, spawn(&arena->workers[i]));
	for (i = 0; i < WORKERS; i++)
		EXPECT_EQ(0, child_status(arena->workers[i].pid));
	EXPECT_NOTHING_LOST();
	EXPECT_EQ(0, TOTAL(deaths));
}

/*
 * A process that is killed in the middle of an update loses it. So this checks
 * for overlaps only, and that no death of an owner was told twice.
 */
TEST_F_TIMEOUT(exclusion, killed_processes, PATIENCE)
{
	struct arena *arena = self->arena;
	unsigned int seed = 1;
	int i, kills = 0;

	for (i = 0; i < WORKERS; i++)
		ASSERT_LT(0, spawn(&arena->workers[i]));
	while (now_ns() < arena->end) {
		struct worker *worker = &arena->workers[rand_r(&seed) %
							WORKERS];

		usleep(rand_r(&seed) % 3000);
		kill(worker->pid, SIGKILL);
		ASSERT_EQ(worker->pid, waitpid(worker->pid, NULL, 0));
		ASSERT_LT(0, spawn(worker));
		kills++;
	}
	for (i = 0; i < WORKERS; i++)
		ASSERT_EQ(arena->workers[i].pid,
			  waitpid(arena->workers[i].pid, NULL, 0));
	EXPECT_EQ(0, TOTAL(overlaps));
	EXPECT_EQ(0, TOTAL(surprises));
	EXPECT_LT(0, kills);
	EXPECT_GE(lock_counts(arena->fd).owner_deaths, TOTAL(deaths));
	TH_LOG("%d killed, %llu of them owners; %llu were told", kills,
	       lock_counts(arena->fd).owner_deaths, TOTAL(deaths));
	EXPECT_LEFT_FREE(arena->fd);
}

/* The checks must notice two workers that both own the lock. */
TEST_F_TIMEOUT(exclusion, detector_sees_a_broken_lock, PATIENCE)
{
	struct worker *one = &self->arena->workers[0];
	struct worker *two = &self->arena->workers[1];

	check_in(one, 0);
	check_in(two, 0);
	check_out(one);
	check_out(two);
	EXPECT_EQ(0, one->overlaps);
	EXPECT_EQ(2, TOTAL(overlaps));
}

GIL_TEST_MAIN
