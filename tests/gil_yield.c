// SPDX-License-Identifier: GPL-2.0
/*
 * sched_yield() of a bound owner hands the lock on if another thread waits, and
 * does nothing otherwise. With the longest interval nothing else would.
 */
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "main.h"
#include "process.h"
#include "stage.h"

#define TURNS	300

/* Threads take turns: actor N when the number of turns modulo @of is N. */
static struct {
	volatile __u64 turn;
	int of;
	void (*call)(void);
} game;

static void yield_by_libc(void)
{
	sched_yield();
}

/* The system call of 32-bit programs. */
static void yield_by_int80(void)
{
#ifdef __x86_64__
	long number = 158;

	asm volatile("int $0x80" : "+a"(number) :
		     : "r8", "r9", "r10", "r11", "memory");
#endif
}

static int act_play(struct actor *actor)
{
	while (game.turn < TURNS)
		if (game.turn % game.of == actor->answer)
			game.turn++;
		else
			game.call();
	return 0;
}

FIXTURE(yield)
{
	STAGE;
};

FIXTURE_VARIANT(yield)
{
	const char *policy;
	__u32 flags;
	void (*yield)(void);
};

#define VARIANT(name, by, how, call)					\
	FIXTURE_VARIANT_ADD(yield, name)				\
	{								\
		.policy = by, .flags = how, .yield = call,		\
	}

/* clang-format off */
VARIANT(fifo, "fifo", SLICED, yield_by_libc);
VARIANT(cpython, "cpython", SLICED, yield_by_libc);
VARIANT(io_first, "io_first", SLICED, yield_by_libc);
VARIANT(fair, "fair", SLICED, yield_by_libc);
VARIANT(auto_io_fifo, "fifo", GIL_BIND_IO, yield_by_libc);
VARIANT(auto_io_cpython, "cpython", GIL_BIND_IO, yield_by_libc);
VARIANT(auto_io_io_first, "io_first", GIL_BIND_IO, yield_by_libc);
VARIANT(auto_io_fair, "fair", GIL_BIND_IO, yield_by_libc);
VARIANT(int80, "fifo", SLICED, yield_by_int80);
VARIANT(auto_io_int80, "fifo", GIL_BIND_IO, yield_by_int80);
/* clang-format on */

FIXTURE_SETUP(yield)
{
	int i;

	if (variant->yield == yield_by_int80 && sizeof(long) != 8)
		SKIP(return, "the test is a 32-bit program itself");
	ASSERT_EQ(0, stage_open(&self->stage, 3, GIL_INTERVAL_MAX_NS));
	ASSERT_EQ(0, lock_set_policy(self->fd, variant->policy));
	ASSERT_EQ(0, actors_start_bound(self->actors, 3, ACTOR_THREAD,
					self->fd, variant->flags));
	for (i = 0; i < 3; i++)
		self->actors[i].answer = i;
	game.turn = 0;
	game.call = variant->yield;
}

NO_TEARDOWN(yield)

TEST_F_TIMEOUT(yield, two_take_turns, PATIENCE)
{
	struct gil_lock_stats stats;

	game.of = 2;
	actor_begin(self->a, act_play);
	actor_begin(self->b, act_play);
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(0, actor_end(self->b));
	EXPECT_EQ(TURNS, game.turn);
	EXPECT_EQ(0, lock_stats(self->fd, &stats));
	EXPECT_LE(TURNS - 2, stats.counts.yields);
}

TEST_F_TIMEOUT(yield, three_take_turns, PATIENCE)
{
	game.of = 3;
	actor_begin(self->a, act_play);
	actor_begin(self->b, act_play);
	actor_begin(self->c, act_play);
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(0, actor_end(self->b));
	EXPECT_EQ(0, actor_end(self->c));
	EXPECT_EQ(TURNS, game.turn);
}

TEST_F_TIMEOUT(yield, a_third_that_computes_is_not_starved, PATIENCE)
{
	__u64 rounds;

	if (!(variant->flags & GIL_BIND_SLICE))
		SKIP(return, "nothing makes a thread that computes give way");
	ASSERT_EQ(0, lock_set_interval(self->fd, MS));
	ASSERT_TRUE(actor_hogs(self->c));
	game.of = 2;
	actor_begin(self->a, act_play);
	actor_begin(self->b, act_play);
	ASSERT_TRUE(UNTIL(game.turn));
	rounds = self->c->rounds;
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(0, actor_end(self->b));
	EXPECT_EQ(TURNS, game.turn);
	EXPECT_LT(rounds, self->c->rounds);
	EXPECT_EQ(0, actor_halt(self->c));
}

static int act_yield_alone(struct actor *actor)
{
	for (actor->rounds = 0; actor->rounds < TURNS; actor->rounds++)
		game.call();
	return 0;
}

TEST_F_TIMEOUT(yield, nothing_if_nobody_waits, PATIENCE)
{
	struct gil_lock_stats before, after;

	ASSERT_TRUE(until_state(self->fd, self->b->id, GIL_STATE_IDLE));
	ASSERT_TRUE(until_state(self->fd, self->c->id, GIL_STATE_IDLE));
	EXPECT_EQ(0, lock_stats(self->fd, &before));
	EXPECT_EQ(0, actor_do(self->a, act_yield_alone));
	EXPECT_EQ(0, lock_stats(self->fd, &after));
	EXPECT_EQ(before.counts.yields, after.counts.yields);
}

/* The lock moves for none but bound threads. */
TEST_F_TIMEOUT(yield, of_a_manual_owner_does_nothing, PATIENCE)
{
	struct gil_lock_stats stats;
	int i;

	ASSERT_EQ(0, lock_attach(self->fd, &self->id));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	actor_begin(self->a, act_yield_alone);
	ASSERT_TRUE(until_waiting(self->fd, 1));
	for (i = 0; i < TURNS; i++)
		game.call();
	EXPECT_EQ(0, lock_stats(self->fd, &stats));
	EXPECT_EQ(self->id, stats.owner);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
}

/*
 * An owner that yields beside a thread that computes loses its CPU, for as long
 * as its nice value says. It does not keep the lock meanwhile.
 */
STAGE_FIXTURE(beside_a_hog);

FIXTURE_VARIANT(beside_a_hog)
{
	__u32 flags;
};

FIXTURE_VARIANT_ADD(beside_a_hog, sliced)
{
	.flags = SLICED,
};

FIXTURE_VARIANT_ADD(beside_a_hog, auto_io)
{
	.flags = GIL_BIND_IO,
};

FIXTURE_SETUP(beside_a_hog)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "each of the two threads needs a CPU");
	ASSERT_EQ(0, stage_open(&self->stage, 3, GIL_INTERVAL_MAX_NS));
}

static int act_bind_to_cpu_0(struct actor *actor)
{
	setpriority(PRIO_PROCESS, 0, 19);
	return use_cpu(0) ?: act_bind(actor);
}

static int act_bind_to_cpu_1(struct actor *actor)
{
	return use_cpu(1) ?: act_bind(actor);
}

static int act_hog_on_cpu_0(struct actor *actor)
{
	return use_cpu(0) ?: act_hog(actor);
}

static int act_yield_on(struct actor *actor)
{
	for (; !actor->stop; actor->rounds++)
		sched_yield();
	return 0;
}

TEST_F_TIMEOUT(beside_a_hog, the_lock_goes_first, PATIENCE)
{
	__u64 io;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, actor_start_unattached(&self->actors[i],
						    ACTOR_THREAD, self->fd));
		self->actors[i].argument = variant->flags;
	}
	ASSERT_EQ(0, actor_do(self->a, act_bind_to_cpu_0));
	ASSERT_EQ(0, actor_do(self->b, act_bind_to_cpu_1));
	actor_begin(self->c, act_hog_on_cpu_0);
	ASSERT_TRUE(actor_runs(self->c));
	actor_begin(self->a, act_yield_on);
	actor_begin(self->b, act_yield_on);
	ASSERT_TRUE(actor_runs(self->a));
	io = thread_counts(self->fd, self->a->id).io_releases;
	/* The lock is taken from A, which has no CPU to enter the queue. */
	EXPECT_TRUE(UNTIL_STATE(self->a->id, IDLE));
	/* A has not blocked, which would have done the same. */
	EXPECT_EQ(io, thread_counts(self->fd, self->a->id).io_releases);
	self->a->stop = true;
	self->b->stop = true;
	EXPECT_EQ(0, actor_halt(self->c));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(0, actor_end(self->b));
}

GIL_BOUND_TEST_MAIN
