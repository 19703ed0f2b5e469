// SPDX-License-Identifier: GPL-2.0
/*
 * Waiters that have no CPU, by the order of what the kernel does: they are passed
 * over, nobody has to give way to them, and they get the lock when they are back.
 * A waiter here is a real-time thread below another one that spins on its CPU.
 */
#include <errno.h>
#include <sched.h>

#include "main.h"
#include "process.h"
#include "stage.h"

FIXTURE(absent)
{
	STAGE;
	struct actor *weak, *weaker, *strong, *hog;
};

FIXTURE_VARIANT(absent)
{
	const char *policy;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(absent, fifo) { .policy = "fifo" };
FIXTURE_VARIANT_ADD(absent, cpython) { .policy = "cpython" };
FIXTURE_VARIANT_ADD(absent, io_first) { .policy = "io_first" };
FIXTURE_VARIANT_ADD(absent, fair) { .policy = "fair" };
/* clang-format on */

static int be_real_time_on_cpu_0(int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	return use_cpu(0) ?:
	       sched_setscheduler(0, SCHED_FIFO, &param) ? errno : 0;
}

static int act_be_weak(struct actor *actor)
{
	(void)actor;
	return be_real_time_on_cpu_0(1);
}

static ACT(act_take_cpu_0, be_real_time_on_cpu_0(2) ?: act_hog(actor))

FIXTURE_SETUP(absent)
{
	if (geteuid())
		SKIP(return, "only root has real-time threads");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "the waiters and the others need a CPU each");
	ASSERT_EQ(0, use_cpu(1));
	ASSERT_EQ(0, stage_set(&self->stage, 0, ACTOR_THREAD,
			       GIL_INTERVAL_MAX_NS));
	ASSERT_EQ(0, lock_set_policy(self->fd, variant->policy));
	self->actors = actors_new(4);
	ASSERT_NE(NULL, self->actors);
	ASSERT_EQ(0, actors_start_bound(self->actors, 3, ACTOR_THREAD, self->fd,
					SLICED));
	self->weak = &self->actors[0];
	self->weaker = &self->actors[1];
	self->strong = &self->actors[2];
	self->hog = &self->actors[3];
	ASSERT_EQ(0, actor_start_unattached(self->hog, ACTOR_THREAD, self->fd));
	ASSERT_EQ(0, actor_do(self->weak, act_be_weak));
	ASSERT_EQ(0, actor_do(self->weaker, act_be_weak));
}

NO_TEARDOWN(absent)

/* Does it run with the lock for twenty intervals, and is not asked for it? */
static bool is_left_alone(struct actor *actor)
{
	struct gil_counts before = thread_counts(actor->fd, actor->id), after;

	usleep(20 * MS / 1000);
	after = thread_counts(actor->fd, actor->id);
	return actor_runs(actor) && lock_owner(actor->fd) == actor->id &&
	       before.drop_requests == after.drop_requests &&
	       before.releases == after.releases;
}

TEST_F_TIMEOUT(absent, nobody_gives_way_to_them, PATIENCE)
{
	struct gil_counts weak;
	__u64 start;

	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue_by(self->weak, act_hog));
	ASSERT_TRUE(actor_queue_by(self->weaker, act_hog));
	ASSERT_TRUE(actor_queue_by(self->strong, act_hog));
	actor_begin(self->hog, act_take_cpu_0);
	ASSERT_TRUE(actor_runs(self->hog));
	weak = thread_counts(self->fd, self->weak->id);
	/* For twice this interval the lock would wait for the first of them. */
	start = now_ns();
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, lock_set_interval(self->fd, MS));
	EXPECT_TRUE(actor_runs(self->strong));
	EXPECT_GT(start + 2 * GIL_INTERVAL_MAX_NS, now_ns());

	ASSERT_TRUE(UNTIL(is_left_alone(self->strong)));
	EXPECT_EQ(weak.slow_acquires,
		  thread_counts(self->fd, self->weak->id).slow_acquires);

	EXPECT_EQ(0, actor_halt(self->hog));
	EXPECT_TRUE(actor_runs(self->weak));
	EXPECT_TRUE(actor_runs(self->weaker));
	EXPECT_TRUE(actor_runs(self->strong));
}

GIL_BOUND_TEST_MAIN
