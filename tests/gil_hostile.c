// SPDX-License-Identifier: GPL-2.0
/*
 * A program writes anything into the page at any moment. The kernel must return
 * only documented errors, must not hang or leak, and must keep its own settings.
 * klog.sh checks the kernel's log afterwards.
 *
 * Every wait here has a deadline, because such a program can lock itself out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"
#include "process.h"
#include "stage.h"

FIXTURE(hostile)
{
	STAGE;
	struct actor *other, *dead;
};

FIXTURE_SETUP(hostile)
{
	ASSERT_EQ(0, stage_set(&self->stage, 2, ACTOR_THREAD, MS));
	self->other = self->a;
	self->dead = self->b;
	actor_stop(self->dead);
	ASSERT_TRUE(until_threads(self->fd, 2));
}

NO_TEARDOWN(hostile)

static ACT(act_acquire_soon,
	   lock_acquire(actor->fd, GIL_ACQUIRE_DEADLINE, now_ns() + MS))

static bool is_acquire_result(int err)
{
	return err == 0 || err == EOWNERDEAD || err == EDEADLK ||
	       err == EBUSY || err == ETIMEDOUT || err == EINPROGRESS;
}

enum state { FREE, FAST, KERNEL, WAITED_FOR, GRANTED, STATES };

/* Bring a new lock into the state; false if that fails. */
static bool bring_into(int fd, struct gil_page *page, __u32 id,
		       struct actor *other, enum state state)
{
	switch (state) {
	case FREE:
		return true;
	case FAST:
		return fast_acquire(page, id);
	case KERNEL:
		return !lock_acquire(fd, 0, 0);
	case WAITED_FOR:
		return !lock_acquire(fd, 0, 0) &&
		       actor_do(other, act_enqueue) == EINPROGRESS;
	case GRANTED:
		return bring_into(fd, page, id, other, WAITED_FOR) &&
		       !lock_release(fd, 0);
	default:
		return false;
	}
}

/* Both threads leave the lock, in whatever way they can. */
static void leave(int fd, struct actor *other)
{
	lock_cancel(fd);
	lock_release(fd, 0);
	actor_do(other, act_cancel);
	actor_do(other, act_release);
}

/* Both threads try every operation. */
static bool use_every_way(int fd, struct actor *other)
{
	struct gil_lock_stats stats;
	int err = 0;

	err |= !is_acquire_result(lock_acquire(fd, GIL_ACQUIRE_TRY, 0));
	err |= !is_acquire_result(actor_do(other, act_acquire_soon));
	err |= !is_acquire_result(lock_acquire(fd, GIL_ACQUIRE_ENQUEUE, 0));
	err |= lock_stats(fd, &stats) != 0;
	err |= stats.waiting > 2;
	lock_release(fd, 0);
	err |= !is_acquire_result(lock_acquire(fd, GIL_ACQUIRE_DEADLINE,
					       now_ns() + MS));
	actor_do(other, act_release);
	err |= !is_acquire_result(actor_do(other, act_try));
	return !err;
}

TEST_F_TIMEOUT(hostile, every_word_in_every_state, PATIENCE)
{
	const __u32 ids[] = {
		0, 1, self->id, self->other->id, self->dead->id, 12345678,
		GIL_WORD_ID_MASK, 0x40000000,
	};
	unsigned int i, kernel, state;

	for (state = 0; state < STATES; state++)
		for (i = 0; i < 2 * ARRAY_SIZE(ids); i++) {
			int fd = ASSERT_FD(lock_create(MS));
			struct gil_page *page;
			__u32 id;

			page = lock_map(fd, PROT_READ | PROT_WRITE);
			ASSERT_NE(NULL, page);
			ASSERT_EQ(0, lock_attach(fd, &id));
			self->other->fd = fd;
			ASSERT_EQ(0, actor_do(self->other, act_attach));
			ASSERT_TRUE(bring_into(fd, page, id, self->other,
					       state));
			kernel = i % 2 ? GIL_WORD_KERNEL : 0;
			page->word = ids[i / 2] | kernel;
			EXPECT_TRUE(use_every_way(fd, self->other))
				TH_LOG("state %u, word %#x", state,
				       ids[i / 2] | kernel);
			leave(fd, self->other);
			munmap(page, sizeof(*page));
			close(fd);
		}
}

/* Once the kernel has taken the lock over, the page cannot change owners. */
TEST_F_TIMEOUT(hostile, kernel_ownership_does_not_change, PATIENCE)
{
	static const __u32 words[] = {
		0, GIL_WORD_KERNEL, 1, 2, 3, ~0U, GIL_WORD_ID_MASK,
	};
	unsigned int i;

	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		self->page->word = words[i];
		EXPECT_EQ(self->id, lock_owner(self->fd));
		EXPECT_EQ(1, lock_waiting(self->fd));
		EXPECT_STATE(0, OWNER);
		EXPECT_EQ(EDEADLK, lock_acquire(self->fd, 0, 0));
		EXPECT_EQ(EPERM, actor_do(self->other, act_release));
	}
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_do(self->other, act_acquire));
	/* The kernel writes the word anew as soon as the owner changes. */
	EXPECT_EQ(self->other->id | GIL_WORD_KERNEL, self->page->word);
	EXPECT_EQ(0, actor_do(self->other, act_release));
	EXPECT_EQ(0, self->page->word);
}

TEST_F_TIMEOUT(hostile, dead_or_unknown_owner_is_a_dead_owner, PATIENCE)
{
	const __u32 ids[] = { self->dead->id, 12345678, GIL_WORD_ID_MASK };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		self->page->word = ids[i];
		EXPECT_EQ(EOWNERDEAD, lock_acquire(self->fd, 0, 0));
		EXPECT_EQ(0, lock_release(self->fd, 0));
		EXPECT_EQ(0, lock_turn(self->fd));
	}
}

TEST_F_TIMEOUT(hostile, settings_in_the_page_are_not_believed, PATIENCE)
{
	struct gil_lock_stats stats;
	__u64 interval;

	self->page->interval_ns = ~0ULL;
	self->page->version = ~0U;
	self->page->reserved[0] = ~0ULL;
	EXPECT_EQ(0, lock_ioctl(self->fd, GIL_IOC_GET_INTERVAL, &interval));
	EXPECT_EQ(MS, interval);
	EXPECT_EQ(0, lock_stats(self->fd, &stats));
	EXPECT_EQ(MS, stats.interval_ns);
	/* The owner is still asked to give way. */
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue(self->other));
	EXPECT_TRUE(until_drop_request(self->page));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end_turn(self->other));
}

TEST_F_TIMEOUT(hostile, drop_request_in_the_page_is_not_believed, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	self->page->drop_request = ~0U;
	EXPECT_EQ(0, lock_yield(self->fd));
	ASSERT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, self->page->drop_request);
	EXPECT_EQ(0, thread_counts(self->fd, 0).drop_requests);
	EXPECT_EQ(0, thread_counts(self->fd, 0).forced_switches);
}

#define SCRIBBLERS	2
#define WORKERS		4
#define BRAWL_NS	(1500 * MS)

/* What the brawl's threads share. */
static struct {
	int fd;
	struct gil_page *page;
	__u64 end;
	__u32 last_id;
	__u64 acquired;
	__u64 surprises;
} brawl;

static void *scribble(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	volatile __u32 *words = (void *)brawl.page;
	__u32 turn = 0;

	while (now_ns() < brawl.end) {
		__u32 word = rand_r(&seed) % 8;

		/* Mostly write the word, and mostly ids of threads that are alive. */
		if (rand_r(&seed) % 2)
			word = brawl.last_id - word;
		if (rand_r(&seed) % 4 == 0)
			word |= GIL_WORD_KERNEL;
		if (++turn % 16)
			words[0] = word;
		else
			words[rand_r(&seed) % (sizeof(*brawl.page) / 4)] =
				rand_r(&seed);
	}
	return NULL;
}

static void work_once(unsigned int *seed, __u32 id)
{
	int err = 0;

	switch (rand_r(seed) % 9) {
	case 0:
	case 1:
		err = lock_acquire(brawl.fd, GIL_ACQUIRE_DEADLINE,
				   now_ns() + rand_r(seed) % MS);
		break;
	case 2:
		err = lock_acquire(brawl.fd, GIL_ACQUIRE_DEADLINE |
				   GIL_ACQUIRE_KEEP, now_ns() + MS / 10);
		break;
	case 3:
		err = lock_acquire(brawl.fd, GIL_ACQUIRE_TRY, 0);
		break;
	case 4:
		err = lock_acquire(brawl.fd, GIL_ACQUIRE_ENQUEUE, 0);
		break;
	case 5:
		fast_acquire(brawl.page, id);
		return;
	case 6:
		fast_release(brawl.page, id);
		return;
	case 7:
		lock_cancel(brawl.fd);
		return;
	default:
		lock_release(brawl.fd, 0);
		return;
	}
	if (!err || err == EOWNERDEAD)
		__atomic_add_fetch(&brawl.acquired, 1, __ATOMIC_RELAXED);
	if (!is_acquire_result(err))
		__atomic_add_fetch(&brawl.surprises, 1, __ATOMIC_RELAXED);
}

static __u32 join_in(void)
{
	__u32 id = 0;

	if (lock_attach(brawl.fd, &id))
		__atomic_add_fetch(&brawl.surprises, 1, __ATOMIC_RELAXED);
	brawl.last_id = id;
	return id;
}

static void *work(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	__u32 id = join_in();

	while (now_ns() < brawl.end)
		work_once(&seed, id);
	return NULL;
}

/* A short-lived thread, which ends in whatever state it is in. */
static void *live(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	__u32 id = join_in();
	int i;

	for (i = 0; i < 10; i++)
		work_once(&seed, id);
	return NULL;
}

static void *live_and_die(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	pthread_t child;

	while (now_ns() < brawl.end) {
		if (pthread_create(&child, NULL, live,
				   (void *)(uintptr_t)rand_r(&seed)))
			return arg;
		pthread_join(child, NULL);
	}
	return NULL;
}

TEST_F_TIMEOUT(hostile, brawl, PATIENCE)
{
	pthread_t threads[SCRIBBLERS + WORKERS + 1];
	struct gil_lock_stats stats;
	unsigned int i;

	/* A new lock: an idle thread made owner here would never release it. */
	brawl.fd = ASSERT_FD(lock_create(MS));
	brawl.page = lock_map(brawl.fd, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, brawl.page);
	brawl.end = now_ns() + BRAWL_NS;
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		void *(*what)(void *) = i < SCRIBBLERS ? scribble :
			i < SCRIBBLERS + WORKERS ? work : live_and_die;

		ASSERT_EQ(0, pthread_create(&threads[i], NULL, what,
					    (void *)(uintptr_t)(i + 1)));
	}
	EXPECT_TRUE(threads_end_well(threads, ARRAY_SIZE(threads)));
	EXPECT_EQ(0, brawl.surprises);
	EXPECT_LT(0, brawl.acquired);
	/* All threads are gone, and the kernel agrees. */
	ASSERT_TRUE(until_threads(brawl.fd, 0));
	EXPECT_EQ(0, lock_stats(brawl.fd, &stats));
	EXPECT_EQ(0, stats.waiting);
	TH_LOG("%llu acquisitions, %llu owners died", brawl.acquired,
	       stats.counts.owner_deaths);
	/* With a clean page it is an ordinary lock again. */
	memset(brawl.page, 0, sizeof(*brawl.page));
	lock_acquire(brawl.fd, 0, 0);
	EXPECT_EQ(0, lock_release(brawl.fd, 0));
	EXPECT_EQ(0, lock_acquire(brawl.fd, 0, 0));
	self->other->fd = brawl.fd;
	EXPECT_EQ(EBUSY, actor_do(self->other, act_try));
	EXPECT_EQ(0, lock_release(brawl.fd, 0));
}

static int module_users(void)
{
	char text[16] = "";
	int fd = open("/sys/module/gil/refcnt", O_RDONLY);

	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) < 1)
		text[0] = '\0';
	close(fd);
	return atoi(text);
}

TEST_F_TIMEOUT(hostile, nothing_is_left_behind, PATIENCE)
{
	int users = module_users();
	struct gil_page *page;
	int fd;

	if (users < 0)
		SKIP(return, "the kernel does not count the module's users");
	fd = ASSERT_FD(lock_create(MS));
	page = lock_map(fd, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, page);
	ASSERT_EQ(0, actor_start(self->dead, ACTOR_THREAD, fd));
	ASSERT_EQ(0, actor_do(self->dead, act_acquire));
	EXPECT_LT(users, module_users());
	page->word = self->dead->id + 1;
	actor_stop(self->dead);
	page->word = self->dead->id;
	munmap(page, sizeof(*page));
	close(fd);
	EXPECT_TRUE(UNTIL(module_users() == users));
}

GIL_TEST_MAIN
