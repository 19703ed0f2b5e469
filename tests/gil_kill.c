// SPDX-License-Identifier: GPL-2.0
/*
 * SIGKILL hits the first waiter before, during and after its grant, or a thread
 * that waits in another way. In each case the second waiter gets the lock.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "main.h"
#include "process.h"
#include "stage.h"

FIXTURE(killed)
{
	STAGE;
	struct actor *first, *second, *killer;
};

FIXTURE_SETUP(killed)
{
	ASSERT_EQ(0, stage_open(&self->stage, 3, GIL_INTERVAL_MAX_NS));
	ASSERT_EQ(0, lock_attach(self->fd, &self->id));
	ASSERT_EQ(0, stage_start(&self->stage, 2, ACTOR_PROCESS));
	self->first = self->a;
	self->second = self->b;
	self->killer = self->c;
	ASSERT_EQ(0, actor_start_unattached(self->killer, ACTOR_THREAD, -1));
}

NO_TEARDOWN(killed)

TEST_F_TIMEOUT(killed, before_the_grant, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue(self->first));
	ASSERT_TRUE(actor_queue(self->second));
	actor_kill(self->first);
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end_turn(self->second));
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_EQ(0, lock_counts(self->fd).owner_deaths);
}

TEST_F_TIMEOUT(killed, the_only_waiter, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue(self->first));
	actor_kill(self->first);
	ASSERT_TRUE(until_waiting(self->fd, 0));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, lock_owner(self->fd));
}

/* A stopped waiter cannot return from the kernel until it dies. */
TEST_F_TIMEOUT(killed, after_the_grant, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	ASSERT_TRUE(actor_queue(self->second));
	actor_signal(self->first, SIGSTOP);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_STATE(self->first->id, GRANTED);
	EXPECT_FALSE(actor_ended(self->second));
	actor_kill(self->first);
	EXPECT_EQ(0, actor_end_turn(self->second));
	EXPECT_EQ(0, lock_owner(self->fd));
}

TEST_F_TIMEOUT(killed, while_yielding, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->first, act_acquire));
	ASSERT_EQ(EINPROGRESS, lock_acquire(self->fd, GIL_ACQUIRE_ENQUEUE, 0));
	ASSERT_TRUE(actor_queue_by(self->first, act_yield));
	ASSERT_TRUE(actor_queue(self->second));
	actor_kill(self->first);
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_EQ(0, lock_turn(self->fd));
	EXPECT_EQ(0, actor_end_turn(self->second));
}

TEST_F_TIMEOUT(killed, whole_queue, PATIENCE)
{
	enum { COUNT = 20 };
	struct actor *crowd = actors_new(COUNT);
	int i;

	ASSERT_NE(NULL, crowd);
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	for (i = 0; i < COUNT; i++) {
		ASSERT_EQ(0, actor_start(&crowd[i], ACTOR_PROCESS, self->fd));
		ASSERT_TRUE(actor_queue(&crowd[i]));
	}
	ASSERT_TRUE(actor_queue(self->second));
	/* From the middle outwards, so that every place is tried. */
	for (i = 0; i < COUNT; i++)
		actor_kill(&crowd[(COUNT / 2 + i * 7) % COUNT]);
	ASSERT_TRUE(until_waiting(self->fd, 1));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end_turn(self->second));
}

static int act_kill(struct actor *actor)
{
	spin_until(actor->deadline_ns);
	return kill(actor->argument, SIGKILL) ? errno : 0;
}

/*
 * The kill and the release happen at about the same time on two CPUs. Whichever
 * wins, the second waiter gets the lock. It is told of a death only if the first
 * waiter had come to own the lock.
 */
TEST_F_TIMEOUT(killed, during_the_grant, PATIENCE)
{
	int untouched = 0, told = 0, i;
	unsigned int seed = 1;

	for (i = 0; i < 60; i++) {
		struct gil_lock_stats before, after;
		__u64 when;
		int err;

		if (i)
			ASSERT_EQ(0, actor_start(self->first, ACTOR_PROCESS,
						 self->fd));
		ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
		ASSERT_TRUE(actor_queue(self->first));
		ASSERT_TRUE(actor_queue(self->second));
		ASSERT_EQ(0, lock_stats(self->fd, &before));
		when = now_ns() + 300000;
		self->killer->argument = self->first->pid;
		self->killer->deadline_ns = when + rand_r(&seed) % 100000;
		actor_begin(self->killer, act_kill);
		spin_until(when + 50000);
		ASSERT_EQ(0, lock_release(self->fd, 0));
		ASSERT_EQ(0, actor_end(self->killer));
		actor_reap(self->first);
		err = actor_end(self->second);
		ASSERT_EQ(0, lock_stats(self->fd, &after));
		ASSERT_EQ(self->second->id, after.owner);
		ASSERT_EQ(0, after.waiting);
		if (err == EOWNERDEAD)
			told++;
		else
			ASSERT_EQ(0, err);
		ASSERT_EQ(err == EOWNERDEAD, after.counts.owner_deaths -
			  before.counts.owner_deaths);
		untouched += !err;
		ASSERT_EQ(0, actor_do(self->second, act_release));
	}
	TH_LOG("killed before it owned: %d, after: %d", untouched, told);
}

static ACT(act_use_cpu_0, use_cpu(0))

/* Keep all other threads from this CPU until the test says stop. */
static int act_keep_cpu_0(struct actor *actor)
{
	struct sched_param param = { .sched_priority = 1 };
	int err = use_cpu(0);

	if (err || sched_setscheduler(0, SCHED_FIFO, &param))
		return err ?: errno;
	actor->rounds = 1;
	while (!actor->stop)
		;
	param.sched_priority = 0;
	return sched_setscheduler(0, SCHED_OTHER, &param) ? errno : 0;
}

static void expect_no_death(struct __test_metadata *_metadata, int fd,
			    struct actor *actors, const char *policy)
{
	struct actor *first = &actors[0], *second = &actors[1];
	struct actor *killer = &actors[2];

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs a CPU that is kept from one thread");
	ASSERT_EQ(0, lock_set_policy(fd, policy));
	ASSERT_EQ(0, use_cpu(1));
	ASSERT_EQ(0, actor_do(first, act_use_cpu_0));
	ASSERT_EQ(0, lock_acquire(fd, 0, 0));
	ASSERT_TRUE(actor_queue(first));
	ASSERT_TRUE(actor_queue(second));
	actor_begin(killer, act_keep_cpu_0);
	while (!killer->rounds && !actor_ended(killer))
		usleep(100);
	if (actor_ended(killer)) {
		lock_release(fd, 0);
		SKIP(return, "only root has a CPU for itself");
	}
	EXPECT_EQ(0, lock_release(fd, 0));
	EXPECT_NE(second->id, lock_owner(fd));
	kill(first->pid, SIGKILL);
	EXPECT_EQ(0, actor_halt(killer));
	actor_reap(first);
	EXPECT_EQ(0, actor_end(second));
	EXPECT_EQ(second->id, lock_owner(fd));
	EXPECT_EQ(0, lock_counts(fd).owner_deaths);
	EXPECT_EQ(0, actor_do(second, act_release));
}

/* fifo grants it the lock, and it is killed before it has run. */
TEST_F_TIMEOUT(killed, with_a_grant, PATIENCE)
{
	expect_no_death(_metadata, self->fd, self->first, "fifo");
}

/* cpython only wakes it, and it is killed before it has taken the lock. */
TEST_F_TIMEOUT(killed, when_called, PATIENCE)
{
	expect_no_death(_metadata, self->fd, self->first, "cpython");
}

GIL_TEST_MAIN
