// SPDX-License-Identifier: GPL-2.0
/*
 * Policies are chosen by name, and changed while threads contend without losing
 * a waiter. Those that promise every thread a turn keep the promise.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "main.h"
#include "process.h"
#include "stage.h"
#include "troupe.h"

static const char *const names[] = { "fifo", "cpython", "io_first", "fair" };

#define COUNT	6

STAGE_FIXTURE(policy)

FIXTURE_SETUP(policy)
{
	ASSERT_EQ(0, stage_open(&self->stage, COUNT, MS));
}

TEST_F(policy, by_name)
{
	struct gil_lock_stats stats;
	struct gil_policy policy;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = lock_create_by_policy(names[i]);

		ASSERT_LE(0, fd) TH_LOG("%s", names[i]);
		EXPECT_EQ(0, lock_ioctl(fd, GIL_IOC_GET_POLICY, &policy));
		EXPECT_STREQ(names[i], policy.name);
		EXPECT_EQ(0, lock_turn(fd));
		close(fd);
		EXPECT_EQ(0, lock_set_policy(self->fd, names[i]));
		EXPECT_EQ(0, lock_stats(self->fd, &stats));
		EXPECT_STREQ(names[i], stats.policy);
		EXPECT_EQ(0, lock_turn(self->fd));
	}
}

/* A grant stays with its thread when the policy changes. */
TEST_F_TIMEOUT(policy, granted, PATIENCE)
{
	struct actor *actor = &self->actors[0], *next = &self->actors[1];
	unsigned int i;

	ASSERT_EQ(0, stage_start(&self->stage, 2, ACTOR_THREAD));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_EQ(EINPROGRESS, actor_do(actor, act_enqueue));
	ASSERT_EQ(EINPROGRESS, actor_do(next, act_enqueue));
	ASSERT_EQ(0, lock_release(self->fd, 0));
	for (i = 0; i < 2 * ARRAY_SIZE(names); i++) {
		EXPECT_EQ(0, lock_set_policy(self->fd,
					     names[i % ARRAY_SIZE(names)]));
		EXPECT_STATE(actor->id, GRANTED);
		EXPECT_STATE(next->id, QUEUED);
	}
	EXPECT_EQ(0, actor_do(actor, act_turn));
	EXPECT_EQ(0, actor_do(next, act_turn));
	EXPECT_EQ(0, lock_owner(self->fd));
}

/* From each policy to each other one with a full queue; a waiter is killed. */
TEST_F_TIMEOUT(policy, queued, 2 * PATIENCE)
{
	unsigned int from, to;
	int i, left = 0;

	ASSERT_EQ(0, stage_start(&self->stage, COUNT, ACTOR_PROCESS));
	for (from = 0; from < ARRAY_SIZE(names); from++)
		for (to = 0; to < ARRAY_SIZE(names); to++) {
			ASSERT_EQ(0, lock_set_policy(self->fd, names[from]));
			ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
			for (i = 0; i < COUNT; i++) {
				actor_begin(&self->actors[i], act_turn);
				ASSERT_TRUE(until_waiting(self->fd, i + 1));
			}
			ASSERT_EQ(0, lock_set_policy(self->fd, names[to]));
			EXPECT_EQ(COUNT, lock_waiting(self->fd));
			actor_kill(&self->actors[1]);
			ASSERT_TRUE(until_waiting(self->fd, COUNT - 1));
			ASSERT_EQ(0, lock_release(self->fd, 0));
			for (i = 0; i < COUNT; i++)
				left += i != 1 && actor_end(&self->actors[i]);
			EXPECT_EQ(0, left)
				TH_LOG("%s to %s", names[from], names[to]);
			ASSERT_TRUE(until_owner(self->fd, 0));
			ASSERT_EQ(0, actor_start(&self->actors[1],
						 ACTOR_PROCESS, self->fd));
		}
}

/* More waiters than the kernel moves to another policy in one step. */
#define MANY	200

STAGE_FIXTURE(many)

STAGE_SETUP(many, MANY, ACTOR_THREAD, GIL_INTERVAL_MAX_NS)

static volatile bool changes_over;

static void *change_policy(void *arg)
{
	int fd = *(int *)arg;
	unsigned int i;

	for (i = 0; !changes_over; i++)
		if (lock_set_policy(fd, names[i % ARRAY_SIZE(names)]))
			return arg;
	return NULL;
}

static ACT(act_time_out, lock_acquire(actor->fd, GIL_ACQUIRE_DEADLINE, 1))

/* Every third waiter leaves the queue, in one of three ways. */
static bool leaves(struct actor *actor, int i)
{
	if (i % 9 == 0)
		return actor_do(actor, act_cancel) == 0;
	if (i % 9 == 3)
		return actor_do(actor, act_time_out) == ETIMEDOUT;
	actor_stop(actor);
	return true;
}

TEST_F_TIMEOUT(many, in_order_while_the_policy_changes, 2 * PATIENCE)
{
	pthread_t changer;
	int i;

	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(EINPROGRESS, actor_do(&self->actors[i], act_enqueue));
	changes_over = false;
	ASSERT_EQ(0, pthread_create(&changer, NULL, change_policy, &self->fd));
	for (i = 0; i < MANY; i += 3)
		EXPECT_TRUE(leaves(&self->actors[i], i)) TH_LOG("%d", i);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	for (i = 0; i < MANY; i++) {
		if (i % 3 == 0)
			continue;
		ASSERT_TRUE(until_state(self->fd, self->actors[i].id,
					GIL_STATE_GRANTED))
			TH_LOG("%d", i);
		EXPECT_EQ(0, actor_do(&self->actors[i], act_turn));
	}
	changes_over = true;
	EXPECT_TRUE(threads_end_well(&changer, 1));
	EXPECT_LOCK(0, 0);
}

/* Release and come back in all ways: for I/O or not, sleeping or not. */
static int act_mixed(struct player *player)
{
	struct troupe *troupe = player->troupe;
	bool io = rand_r(&player->seed) % 2;
	int err = 0;

	if (rand_r(&player->seed) % 2)
		usleep(rand_r(&player->seed) % 300);
	if (player->manual)
		return 0;
	if (rand_r(&player->seed) % 2) {
		err = lock_release(troupe->fd, io ? GIL_RELEASE_IO :
				   GIL_RELEASE_LAZY);
		err = err ?: lock_acquire(troupe->fd, 0, 0);
	}
	return err;
}

/* Enter the queue; then cancel, time out, or get the lock. */
static int act_keep_and_cancel(struct player *player)
{
	int fd = player->troupe->fd;
	int err = lock_acquire(fd, GIL_ACQUIRE_ENQUEUE, 0);

	if (!err)
		return lock_release(fd, 0);
	if (err != EINPROGRESS)
		return err;
	if (rand_r(&player->seed) % 2)
		return lock_cancel(fd);
	err = lock_acquire(fd, GIL_ACQUIRE_DEADLINE | GIL_ACQUIRE_KEEP,
			   now_ns() + rand_r(&player->seed) % MS);
	if (err == ETIMEDOUT)
		return lock_cancel(fd);
	return err ?: lock_release(fd, 0);
}

TEST_F_TIMEOUT(policy, changed_while_contended, PATIENCE)
{
	struct troupe *troupe = troupe_new();
	unsigned int changes = 0;

	if (!lock_can_bind())
		SKIP(return, "no thread can be bound here");
	ASSERT_NE(NULL, troupe);
	troupe->fd = self->fd;
	troupe->flags = SLICED;
	troupe->count = COUNT;
	troupe->act = act_mixed;
	troupe->run_ns = 1500 * MS;
	troupe->players[0].manual = true;
	troupe->players[1].manual = true;
	troupe->players[1].act = act_keep_and_cancel;
	ASSERT_TRUE(troupe_start(troupe));
	while (!troupe_over(troupe)) {
		EXPECT_EQ(0, lock_set_policy(self->fd,
					     names[changes++ %
						   ARRAY_SIZE(names)]));
		usleep(1000);
	}
	ASSERT_TRUE(troupe_end(troupe));
	TH_LOG("%u changes, %llu looks", changes, troupe->witness->looks);
	EXPECT_EXCLUSION(troupe);
	EXPECT_LEFT_FREE(self->fd);
}

static ACT(act_nice,
	   setpriority(PRIO_PROCESS, 0, (int)actor->argument) ? errno : 0)

/*
 * The kernel learns of an owner by the fast path when that releases the lock by
 * the kernel, or dies. The kernel does not know since when the owner held the
 * lock, so no policy may charge it for a long time.
 */
TEST_F_TIMEOUT(policy, fast_owners_are_adopted, PATIENCE)
{
	static const int nice[] = { 0, 1, 19 };
	struct actor *one = &self->actors[0], *hog = &self->actors[1];
	unsigned int i;

	ASSERT_EQ(0, lock_set_policy(self->fd, "fair"));
	for (i = 0; i < ARRAY_SIZE(nice); i++) {
		one->argument = nice[i];
		ASSERT_EQ(0, actor_start(one, ACTOR_PROCESS, self->fd));
		ASSERT_EQ(0, actor_do(one, act_nice));
		ASSERT_EQ(0, actor_do(one, act_fast_acquire));
		ASSERT_EQ(0, actor_do(one, act_release));
		ASSERT_EQ(0, actor_do(one, act_fast_acquire));
		actor_kill(one);
		EXPECT_EQ(EOWNERDEAD, lock_acquire(self->fd, 0, 0));
		EXPECT_EQ(0, lock_release(self->fd, 0));
		EXPECT_GT(now_ns(), lock_counts(self->fd).hold.max_ns);
	}
	if (!lock_can_bind())
		return;
	START_BOUND(hog, SLICED);
	ASSERT_TRUE(actor_hogs(hog));
	usleep(10000);
	EXPECT_EQ(0, lock_acquire(self->fd, GIL_ACQUIRE_DEADLINE,
				  now_ns() + LIMIT_NS));
}

STAGE_FIXTURE(turns)

FIXTURE_VARIANT(turns)
{
	const char *name;
};

FIXTURE_VARIANT_ADD(turns, fifo) { .name = "fifo" };
FIXTURE_VARIANT_ADD(turns, io_first) { .name = "io_first" };
FIXTURE_VARIANT_ADD(turns, fair) { .name = "fair" };

FIXTURE_SETUP(turns)
{
	ASSERT_EQ(0, stage_open(&self->stage, 1, MS));
	ASSERT_EQ(0, lock_set_policy(self->fd, variant->name));
	ASSERT_EQ(0, actor_start(self->a, ACTOR_THREAD, self->fd));
}

static volatile bool over;
static int crowd_fd;
static __u64 had_a_turn;

/* Come back from I/O again and again, and hold the lock for a while. */
static void *stream(void *arg)
{
	while (!over) {
		if (lock_acquire(crowd_fd, 0, 0))
			return arg;
		spin_until(now_ns() + MS / 10);
		if (lock_release(crowd_fd, GIL_RELEASE_IO))
			return arg;
	}
	return NULL;
}

static int act_many_turns(struct actor *actor)
{
	int i, err = 0;

	for (i = 0; i < 20 && !err; i++)
		err = act_turn(actor);
	return err;
}

TEST_F_TIMEOUT(turns, beside_an_endless_stream, PATIENCE)
{
	pthread_t threads[4];
	unsigned int i;

	over = false;
	crowd_fd = self->fd;
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, stream, self));
	EXPECT_EQ(0, actor_do(self->a, act_many_turns));
	over = true;
	EXPECT_TRUE(threads_end_well(threads, ARRAY_SIZE(threads)));
}

/* Hold the lock for short times until the test is over. */
static void *hold_shortly(void *arg)
{
	bool first = true;

	while (!over) {
		if (lock_acquire(crowd_fd, 0, 0))
			return arg;
		if (lock_release(crowd_fd, GIL_RELEASE_IO))
			return arg;
		if (first)
			__atomic_fetch_add(&had_a_turn, 1, __ATOMIC_RELAXED);
		first = false;
	}
	return NULL;
}

TEST_F_TIMEOUT(turns, forty_started_one_by_one, PATIENCE)
{
	enum { FORTY = 40 };
	pthread_t threads[FORTY];
	__u64 i;

	over = false;
	crowd_fd = self->fd;
	had_a_turn = 0;
	for (i = 0; i < FORTY; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, hold_shortly,
					    self));
		EXPECT_TRUE(UNTIL(__atomic_load_n(&had_a_turn,
						  __ATOMIC_RELAXED) > i));
		EXPECT_EQ(i + 1, had_a_turn);
	}
	EXPECT_EQ(0, actor_do(self->a, act_many_turns));
	over = true;
	EXPECT_TRUE(threads_end_well(threads, FORTY));
}

GIL_TEST_MAIN
