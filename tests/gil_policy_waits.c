// SPDX-License-Identifier: GPL-2.0
/*
 * The worst wait of each policy, as gil(4) derives it. Waits and holds are the
 * kernel's own figures, and each bound is a multiple of the longest hold, so the
 * speed of the machine does not matter. Where an owner must be asked at once,
 * the interval is so long that the test would otherwise time out.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "main.h"
#include "newcomers.h"
#include "stage.h"

#define COUNT	8

STAGE_FIXTURE(waits)

FIXTURE_SETUP(waits)
{
	ASSERT_EQ(0, stage_open(&self->stage, COUNT, GIL_INTERVAL_MAX_NS));
}

/* The longest hold of any thread, which the bounds are made of. */
static __u64 longest_hold(int fd)
{
	return lock_counts(fd).hold.max_ns;
}

static ACT(act_release_for_io, lock_release(actor->fd, GIL_RELEASE_IO))

/* Release for I/O, so that the next request is of the I/O class. */
static ACT(act_become_io, act_acquire(actor) ?: act_release_for_io(actor))

/* Own the lock, and give way when asked, until told to stop. */
static int act_hog_lock(struct actor *actor)
{
	int err = act_acquire(actor);

	while (!err && !actor->stop) {
		actor->rounds++;
		if (is_asked(actor->page))
			err = lock_yield(actor->fd);
	}
	actor->stop = false;
	return err ?: act_release(actor);
}

static ACT(act_be_nice, setpriority(PRIO_PROCESS, actor->tid, 19) ? errno : 0)

/* In fair, a hold at nice 19 counts 68 times its length. */
static int act_hold_long(struct actor *actor)
{
	int err = act_acquire(actor);

	usleep(400000);
	return err ?: act_release(actor);
}

/* fifo: the k-th in the queue gets the lock after k grants. */
TEST_F_TIMEOUT(waits, fifo, PATIENCE)
{
	ASSERT_EQ(0, lock_set_policy(self->fd, "fifo"));
	ASSERT_EQ(0, stage_start(&self->stage, COUNT, ACTOR_PROCESS));
	EXPECT_EQ(4, newcomers_grants(self->fd, self->actors, COUNT, 3, 100));
}

/* io_first: the same holds within a class. */
TEST_F_TIMEOUT(waits, io_first_in_a_class, PATIENCE)
{
	ASSERT_EQ(0, lock_set_policy(self->fd, "io_first"));
	ASSERT_EQ(0, stage_start(&self->stage, COUNT, ACTOR_PROCESS));
	EXPECT_EQ(4, newcomers_grants(self->fd, self->actors, COUNT, 3, 100));
}

static volatile bool over;

/* What a thread of a crowd does; times are of CLOCK_MONOTONIC. */
struct worker {
	int fd;
	__u64 hold_ns;
	__u32 release_flags;
	volatile __u64 turns;	/* left, counts down */
	struct gil_times wait, hold;
	int err;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct gil_thread_stats stats;
	int err = 0;

	while (!over && !err && worker->turns--) {
		err = lock_acquire(worker->fd, 0, 0);
		if (worker->hold_ns)
			spin_until(now_ns() + worker->hold_ns);
		err = err ?: lock_release(worker->fd, worker->release_flags);
	}
	err = err ?: thread_stats(worker->fd, 0, &stats);
	worker->wait = stats.counts.wait;
	worker->hold = stats.counts.hold;
	worker->err = err;
	return NULL;
}

static int start_workers(struct worker *workers, int count)
{
	int err = 0, i;

	over = false;
	for (i = 0; i < count && !err; i++)
		err = pthread_create(&workers[i].thread, NULL, work,
				     &workers[i]);
	return err;
}

static int end_workers(struct worker *workers, int count)
{
	int err = 0, i;

	over = true;
	for (i = 0; i < count; i++)
		err = pthread_join(workers[i].thread, NULL) ?: err ?:
		      workers[i].err;
	return err;
}

/* After one turn, the class of a worker is that of its release. */
static bool until_turns(const struct worker *workers, int count)
{
	bool all = true;
	int i;

	for (i = 0; i < count; i++)
		all = all && UNTIL(workers[i].turns <= ~0ULL - 2);
	return all;
}

/* io_first: I/O threads that never stop, few with long holds or many. */
STAGE_FIXTURE(stream)

FIXTURE_VARIANT(stream)
{
	int count;
	__u64 hold_ns;
};

FIXTURE_VARIANT_ADD(stream, of_four) { .count = 4, .hold_ns = MS };
FIXTURE_VARIANT_ADD(stream, of_forty) { .count = 40, .hold_ns = 0 };

FIXTURE_SETUP(stream)
{
	ASSERT_EQ(0, stage_open(&self->stage, 0, 20 * MS));
	ASSERT_EQ(0, lock_set_policy(self->fd, "io_first"));
}

TEST_F_TIMEOUT(stream, starves_nobody, PATIENCE)
{
	struct worker workers[40], victim = { .fd = self->fd, .turns = 20 };
	int i;

	for (i = 0; i < variant->count; i++)
		workers[i] = (struct worker){
			.fd = self->fd,
			.hold_ns = variant->hold_ns,
			.release_flags = GIL_RELEASE_IO,
			.turns = ~0ULL,
		};
	ASSERT_EQ(0, start_workers(workers, variant->count));
	ASSERT_TRUE(until_turns(workers, variant->count));
	work(&victim);
	ASSERT_EQ(0, end_workers(workers, variant->count));
	EXPECT_EQ(0, victim.err);
	/* No other ordinary thread is ahead, so S is 0 in gil(4). */
	TH_LOG("waited %llu us at most, held %llu us at most",
	       victim.wait.max_ns / 1000, longest_hold(self->fd) / 1000);
	EXPECT_LT(0, victim.wait.count);
	EXPECT_LE(victim.wait.max_ns, 20 * MS + longest_hold(self->fd));
}

/* io_first: the longest waits of I/O threads and of ordinary threads. */
TEST_F_TIMEOUT(waits, io_first, PATIENCE)
{
	const __u64 interval = 5 * MS;
	struct worker io = {
		.fd = self->fd,
		.release_flags = GIL_RELEASE_IO,
		.turns = 1,
	};
	struct gil_thread_stats stats;
	__u64 hold, ahead;
	int i;

	ASSERT_EQ(0, lock_set_policy(self->fd, "io_first"));
	ASSERT_EQ(0, lock_set_interval(self->fd, interval));
	ASSERT_EQ(0, stage_start(&self->stage, 4, ACTOR_THREAD));
	over = false;
	work(&io);
	for (i = 0; i < 4; i++)
		actor_begin(&self->actors[i], act_hog_lock);
	ASSERT_TRUE(until_waiting(self->fd, 3));
	io.turns = 50;
	io.hold_ns = 2 * MS;
	work(&io);
	EXPECT_EQ(0, io.err);
	for (i = 0; i < 4; i++)
		self->actors[i].stop = true;
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, actor_end(&self->actors[i]));
	hold = longest_hold(self->fd);
	ahead = 3 * hold;
	EXPECT_LT(40, io.wait.count);
	EXPECT_LE(io.wait.max_ns, interval + hold);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, thread_stats(self->fd, self->actors[i].id,
					  &stats));
		EXPECT_LT(0, stats.counts.wait.count);
		EXPECT_LE(stats.counts.wait.max_ns,
			  2 * ahead + interval +
			  (ahead / interval + 1) * hold);
	}
}

/* An I/O thread beside a hog waits for each interval, or does not wait. */
FIXTURE(convoy)
{
	STAGE;
	struct actor *hog, *io;
};

FIXTURE_VARIANT(convoy)
{
	const char *policy;
	__u64 interval_ns;
	bool waits;
};

#define BESIDE_HOG(name, ...)						\
	FIXTURE_VARIANT_ADD(convoy, name) {				\
		.policy = #name, __VA_ARGS__				\
	}

BESIDE_HOG(fifo, .interval_ns = 50 * MS, .waits = true);
BESIDE_HOG(cpython, .interval_ns = 50 * MS, .waits = true);
BESIDE_HOG(io_first, .interval_ns = GIL_INTERVAL_MAX_NS);
BESIDE_HOG(fair, .interval_ns = GIL_INTERVAL_MAX_NS);

FIXTURE_SETUP(convoy)
{
	ASSERT_EQ(0, stage_open(&self->stage, 2, variant->interval_ns));
	ASSERT_EQ(0, lock_set_policy(self->fd, variant->policy));
	self->hog = self->a;
	self->io = self->b;
	ASSERT_EQ(0, stage_start(&self->stage, 2, ACTOR_THREAD));
	ASSERT_EQ(0, actor_do(self->io, act_become_io));
	ASSERT_EQ(0, actor_do(self->hog, act_be_nice));
	actor_begin(self->hog, act_hog_lock);
	/* Ahead of the other by more than a fifth of the interval, in fair. */
	usleep(100000);
}

NO_TEARDOWN(convoy)

TEST_F_TIMEOUT(convoy, beside_one_hog, PATIENCE)
{
	const unsigned int ops = 5;
	struct gil_times wait;
	unsigned int i;

	for (i = 0; i < ops; i++) {
		ASSERT_TRUE(until_owner(self->fd, self->hog->id));
		ASSERT_EQ(0, actor_do(self->io, act_become_io));
	}
	EXPECT_EQ(0, actor_halt(self->hog));
	wait = thread_counts(self->fd, self->io->id).wait;
	EXPECT_EQ(ops, wait.count);
	EXPECT_LE(variant->waits ? ops * variant->interval_ns : 0,
		  wait.total_ns);
	if (!variant->waits)
		EXPECT_GT(variant->interval_ns, wait.max_ns);
}

/* fair: each other thread costs one's own hold, an interval and a hold. */
TEST_F_TIMEOUT(waits, fair, PATIENCE)
{
	const __u64 interval = 5 * MS;
	const __u64 holds[] = { 0, MS / 10, MS, 10 * MS };
	const int count = ARRAY_SIZE(holds);
	struct worker workers[ARRAY_SIZE(holds)];
	__u64 hold;
	int i;

	ASSERT_EQ(0, lock_set_policy(self->fd, "fair"));
	ASSERT_EQ(0, lock_set_interval(self->fd, interval));
	/* The grace after a lazy release would count as wait, but not as hold. */
	ASSERT_EQ(0, lock_set_grace(self->fd, 0));
	for (i = 0; i < count; i++)
		workers[i] = (struct worker){
			.fd = self->fd,
			.hold_ns = holds[i],
			.turns = ~0ULL,
		};
	ASSERT_EQ(0, start_workers(workers, count));
	usleep(700000);
	ASSERT_EQ(0, end_workers(workers, count));
	hold = longest_hold(self->fd);
	for (i = 0; i < count; i++) {
		EXPECT_LT(0, workers[i].wait.count);
		EXPECT_LE(workers[i].wait.max_ns,
			  (count - 1) * (workers[i].hold.max_ns + interval +
					 hold));
	}
}

/*
 * fair: a thread that takes a free lock gets no credit for the time without it.
 * Otherwise the next one, which is ahead by 27 s, would wait as long as that.
 */
TEST_F_TIMEOUT(waits, fair_claimed, PATIENCE)
{
	struct actor *ahead = &self->actors[0], *fresh = &self->actors[1];

	ASSERT_EQ(0, lock_set_policy(self->fd, "fair"));
	ASSERT_EQ(0, lock_set_interval(self->fd, 100 * MS));
	ASSERT_EQ(0, stage_start(&self->stage, 2, ACTOR_THREAD));
	ASSERT_EQ(0, actor_do(ahead, act_be_nice));
	ASSERT_EQ(0, actor_do(ahead, act_hold_long));
	ASSERT_EQ(0, actor_do(fresh, act_acquire));
	ASSERT_TRUE(actor_queue(ahead));
	EXPECT_TRUE(until_drop_request(self->page));
	ASSERT_EQ(0, actor_do(fresh, act_release));
	EXPECT_EQ(0, actor_end_turn(ahead));
}

/* fair: a thread that lags asks at once, however long the interval is. */
TEST_F_TIMEOUT(waits, fair_lagging, PATIENCE)
{
	struct actor *owner = &self->actors[0], *lags = &self->actors[1];

	ASSERT_EQ(0, lock_set_policy(self->fd, "fair"));
	ASSERT_EQ(0, stage_start(&self->stage, 2, ACTOR_THREAD));
	ASSERT_EQ(0, actor_do(owner, act_be_nice));
	ASSERT_EQ(0, actor_do(owner, act_acquire));
	usleep(100000);
	ASSERT_TRUE(actor_queue(lags));
	EXPECT_TRUE(is_asked(self->page));
	ASSERT_EQ(0, actor_do(owner, act_release));
	EXPECT_EQ(0, actor_end_turn(lags));
}

/* Release lazily once another thread waits, and compute. */
static int act_release_lazily(struct actor *actor)
{
	int err;

	while (!lock_waiting(actor->fd))
		;
	err = lock_release(actor->fd, GIL_RELEASE_IO | GIL_RELEASE_LAZY);
	return err ?: act_hog(actor);
}

/* The same, but come back for a moment after two thirds of the time. */
static int act_release_lazily_twice(struct actor *actor)
{
	int err;

	while (!lock_waiting(actor->fd))
		;
	actor->deadline_ns += now_ns();
	err = lock_release(actor->fd, GIL_RELEASE_IO | GIL_RELEASE_LAZY);
	while (now_ns() < actor->deadline_ns)
		actor->rounds++;
	err = err ?: lock_acquire(actor->fd, 0, 0);
	return err ?: act_release_lazily(actor);
}

/* The same, but come back in time. */
static int act_bind_and_return(struct actor *actor)
{
	int err = act_bind(actor);

	while (!err && !lock_waiting(actor->fd))
		;
	err = err ?: lock_release(actor->fd,
				  GIL_RELEASE_IO | GIL_RELEASE_LAZY);
	err = err ?: lock_acquire(actor->fd, 0, 0);
	return err ?: act_hog(actor);
}

/*
 * io_first: the grace after a lazy release is charged to the I/O class. After an
 * interval of that, an ordinary thread is next.
 */
static void expect_staying_put_is_charged(struct __test_metadata *_metadata,
					  int fd, struct actor *actors,
					  actor_fn act)
{
	const __u64 interval = 900 * MS;
	struct actor *lazy = &actors[0], *next = &actors[1];
	struct actor *io = &actors[2], *ordinary = &actors[3];
	__u64 hold_ns;

	ASSERT_EQ(0, lock_set_policy(fd, "io_first"));
	ASSERT_EQ(0, lock_set_interval(fd, interval));
	ASSERT_EQ(0, lock_set_grace(fd, GIL_GRACE_MAX_NS));
	ASSERT_EQ(0, actors_start(next, 3, ACTOR_PROCESS, fd));
	ASSERT_EQ(0, actor_do(io, act_become_io));
	lazy->argument = GIL_BIND_IO;
	ASSERT_EQ(0, actor_start_unattached(lazy, ACTOR_PROCESS, fd));
	if (actor_do(lazy, act_bind) == EOPNOTSUPP)
		SKIP(return, "this kernel binds no threads");
	/* It blocks between its acts, which makes it an I/O thread. */
	ASSERT_TRUE(until_owner(fd, 0));
	lazy->deadline_ns = interval * 2 / 3;
	actor_begin(lazy, act);
	ASSERT_TRUE(until_owner(fd, lazy->id));
	ASSERT_EQ(0, actor_do(next, act_acquire));
	ASSERT_TRUE(actor_queue(io));
	ASSERT_TRUE(actor_queue(ordinary));
	ASSERT_EQ(0, actor_do(next, act_release));
	/* If the hold was that long, the I/O class has earned its time back. */
	hold_ns = thread_counts(fd, next->id).hold.max_ns;
	EXPECT_EQ(hold_ns < interval ? ordinary->id : io->id, lock_owner(fd));
}

TEST_F_TIMEOUT(waits, staying_put_is_charged, PATIENCE)
{
	expect_staying_put_is_charged(_metadata, self->fd, self->actors,
				      act_release_lazily);
}

TEST_F_TIMEOUT(waits, staying_put_and_back_is_charged, PATIENCE)
{
	expect_staying_put_is_charged(_metadata, self->fd, self->actors,
				      act_release_lazily_twice);
}

/* io_first: a release for I/O and an immediate return make no I/O thread. */
TEST_F_TIMEOUT(waits, back_in_time_is_no_io, PATIENCE)
{
	struct actor *lazy = &self->actors[0], *waiter = &self->actors[1];
	struct actor *io = &self->actors[2];

	ASSERT_EQ(0, lock_set_policy(self->fd, "io_first"));
	ASSERT_EQ(0, lock_set_grace(self->fd, GIL_GRACE_MAX_NS));
	ASSERT_EQ(0, actors_start(waiter, 2, ACTOR_PROCESS, self->fd));
	ASSERT_EQ(0, actor_do(io, act_become_io));
	if (lock_bind(self->fd, GIL_BIND_IO) == EOPNOTSUPP)
		SKIP(return, "this kernel binds no threads");
	ASSERT_EQ(0, lock_unbind(self->fd));
	lazy->argument = GIL_BIND_IO;
	ASSERT_EQ(0, actor_start_unattached(lazy, ACTOR_PROCESS, self->fd));
	actor_begin(lazy, act_bind_and_return);
	while (lock_owner(self->fd) == 0)
		usleep(100);
	ASSERT_TRUE(actor_queue(waiter));
	ASSERT_TRUE(actor_runs(lazy));
	EXPECT_FALSE(is_asked(self->page));
	EXPECT_EQ(1, thread_counts(self->fd, lazy->id).lazy_returns);
	ASSERT_TRUE(actor_queue(io));
	EXPECT_TRUE(is_asked(self->page));
	actor_kill(lazy);
	EXPECT_EQ(EOWNERDEAD, actor_end(io));
}

GIL_TEST_MAIN
