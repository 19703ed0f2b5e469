// SPDX-License-Identifier: GPL-2.0
/*
 * The example policy, which is a module of its own. It can be chosen while the
 * module is loaded, and the module cannot be unloaded while a lock uses it.
 * GIL_POLICY_KO names the module.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "main.h"
#include "newcomers.h"
#include "process.h"
#include "troupe.h"

#define MODULE		"gil_lifo"
#define NAME		"lifo"

/* As the module says. */
#define OLDEST_EVERY	4

static int load(void)
{
	int fd = open(getenv("GIL_POLICY_KO"), O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return err;
}

static int unload(void)
{
	return syscall(SYS_delete_module, MODULE, O_NONBLOCK) ? errno : 0;
}

/* Contexts of threads that just ended may hold a lock for a moment. */
static int unload_at_last(void)
{
	int err;

	UNTIL((err = unload()) != EAGAIN);
	return err;
}

#define COUNT	8

FIXTURE(policy_module)
{
	int fd;
	struct actor *actors;
};

FIXTURE_SETUP(policy_module)
{
	if (!getenv("GIL_POLICY_KO") || geteuid())
		SKIP(return, "root names the module by GIL_POLICY_KO");
	/* A test that failed may have left it. */
	unload_at_last();
	ASSERT_EQ(0, load());
	self->actors = actors_new(COUNT);
	ASSERT_NE(NULL, self->actors);
	self->fd = ASSERT_FD(lock_create_by_policy(NAME));
}

FIXTURE_TEARDOWN(policy_module)
{
	close(self->fd);
	EXPECT_EQ(0, unload_at_last());
}

static __u64 turns;

static int act_numbered_turn(struct actor *actor)
{
	int err = lock_acquire(actor->fd, 0, 0);

	actor->answer = ++turns;
	return err ?: lock_release(actor->fd, 0);
}

/* All actors queue one after the other, and then each has one turn. */
#define EXPECT_TURNS(expected)						\
	do {								\
		int n;							\
									\
		turns = 0;						\
		ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));		\
		for (n = 0; n < COUNT; n++) {				\
			actor_begin(&self->actors[n],			\
				    act_numbered_turn);			\
			ASSERT_TRUE(until_waiting(self->fd, n + 1));	\
		}							\
		ASSERT_EQ(0, lock_release(self->fd, 0));		\
		for (n = 0; n < COUNT; n++) {				\
			EXPECT_EQ(0, actor_end(&self->actors[n]));	\
			EXPECT_EQ((expected)[n], self->actors[n].answer);\
		}							\
	} while (0)

TEST_F_TIMEOUT(policy_module, order, PATIENCE)
{
	static const __u64 lifo[COUNT] = { 4, 8, 7, 6, 5, 3, 2, 1 };
	static const __u64 fifo[COUNT] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	ASSERT_EQ(0, actors_start(self->actors, COUNT, ACTOR_THREAD, self->fd));
	EXPECT_TURNS(lifo);
	ASSERT_EQ(0, lock_set_policy(self->fd, "fifo"));
	EXPECT_TURNS(fifo);
	ASSERT_EQ(0, lock_set_policy(self->fd, NAME));
	EXPECT_TURNS(lifo);
}

/* The documented worst wait, behind two older waiters, is reached. */
TEST_F_TIMEOUT(policy_module, worst_wait, PATIENCE)
{
	ASSERT_EQ(0, actors_start(self->actors, COUNT, ACTOR_PROCESS,
				  self->fd));
	EXPECT_EQ(OLDEST_EVERY * (2 + 1),
		  newcomers_grants(self->fd, self->actors, COUNT, 2, 100));
	for (int i = 0; i < COUNT; i++)
		actor_kill(&self->actors[i]);
}

TEST_F_TIMEOUT(policy_module, not_unloaded_while_used, PATIENCE)
{
	struct gil_lock_stats stats;
	int second;

	EXPECT_EQ(EAGAIN, unload());
	EXPECT_EQ(0, lock_stats(self->fd, &stats));
	EXPECT_STREQ(NAME, stats.policy);
	second = ASSERT_FD(lock_create_by_policy(NAME));
	EXPECT_EQ(0, lock_set_policy(self->fd, "fair"));
	EXPECT_EQ(EAGAIN, unload());
	close(second);
	EXPECT_EQ(0, unload_at_last());

	/* The lock still works without the module. */
	EXPECT_EQ(ENOENT, lock_set_policy(self->fd, NAME));
	EXPECT_EQ(-ENOENT, lock_create_by_policy(NAME));
	EXPECT_EQ(0, lock_stats(self->fd, &stats));
	EXPECT_STREQ("fair", stats.policy);
	EXPECT_EQ(0, lock_turn(self->fd));

	EXPECT_EQ(0, load());
	EXPECT_EQ(0, lock_set_policy(self->fd, NAME));
	EXPECT_EQ(EAGAIN, unload());
}

/* The policy changes while there are an owner and waiters. */
TEST_F_TIMEOUT(policy_module, left_with_a_queue, PATIENCE)
{
	int i;

	ASSERT_EQ(0, actors_start(self->actors, COUNT, ACTOR_PROCESS,
				  self->fd));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	for (i = 0; i < COUNT; i++)
		ASSERT_TRUE(actor_queue(&self->actors[i]));
	EXPECT_EQ(EAGAIN, unload());
	EXPECT_EQ(0, lock_set_policy(self->fd, "fifo"));
	EXPECT_EQ(0, unload());
	/* The queue keeps the order in which lifo would have served it. */
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end_turn(&self->actors[COUNT - 1]));
	EXPECT_EQ(0, actor_end(&self->actors[COUNT - 2]));
	/* The death of a waiter needs no module either. */
	for (i = 0; i < COUNT; i++)
		actor_kill(&self->actors[i]);
	EXPECT_TRUE(until_threads(self->fd, 1));
	EXPECT_EQ(0, load());
}

/* A binding keeps the lock alive when nobody has it open. */
TEST_F_TIMEOUT(policy_module, kept_by_a_binding, PATIENCE)
{
	struct actor *actor = &self->actors[0];

	if (!lock_can_bind())
		SKIP(return, "no thread can be bound here");
	ASSERT_EQ(0, actors_start_bound(actor, 1, ACTOR_PROCESS, self->fd,
					SLICED));
	/* The actor blocks between acts, and so loses the lock. */
	ASSERT_TRUE(until_owner(self->fd, 0));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(EAGAIN, unload());
	actor_kill(actor);
	EXPECT_EQ(0, unload_at_last());
	EXPECT_EQ(0, load());
}

TEST_F_TIMEOUT(policy_module, global_lock, PATIENCE)
{
	struct gil_policy before;
	int global = ASSERT_FD(lock_open_settled());

	close(self->fd);
	ASSERT_EQ(0, lock_ioctl(global, GIL_IOC_GET_POLICY, &before));
	EXPECT_EQ(0, lock_set_policy(global, NAME));
	close(global);
	self->fd = ASSERT_FD(lock_open());
	EXPECT_EQ(EAGAIN, unload());
	EXPECT_EQ(0, lock_set_policy(self->fd, before.name));
	EXPECT_EQ(0, unload_at_last());
	EXPECT_EQ(0, load());
}

static const char *const names[] = {
	NAME, "fifo", NAME, "cpython", NAME, "io_first", NAME, "fair",
};

static int act_out_and_back(struct player *player)
{
	int fd = player->troupe->fd, err;

	if (player->manual || rand_r(&player->seed) % 2)
		return 0;
	err = lock_release(fd, rand_r(&player->seed) % 2 ? GIL_RELEASE_IO :
							   GIL_RELEASE_LAZY);
	usleep(rand_r(&player->seed) % 300);
	return err ?: lock_acquire(fd, 0, 0);
}

/* Change the policy and reload the module while threads contend. */
TEST_F_TIMEOUT(policy_module, switched_while_contended, PATIENCE)
{
	struct troupe *troupe = troupe_new();
	unsigned int changes = 0, reloads = 0;

	if (!lock_can_bind())
		SKIP(return, "no thread can be bound here");
	ASSERT_NE(NULL, troupe);
	troupe->fd = self->fd;
	troupe->flags = SLICED;
	troupe->count = COUNT - 2;
	troupe->act = act_out_and_back;
	troupe->run_ns = 1000 * MS;
	troupe->players[0].manual = true;
	ASSERT_TRUE(troupe_start(troupe));
	while (!troupe_over(troupe)) {
		const char *name = names[changes++ % ARRAY_SIZE(names)];

		EXPECT_EQ(0, lock_set_policy(self->fd, name));
		usleep(1000);
		if (!strcmp(name, NAME))
			continue;
		EXPECT_EQ(0, unload());
		EXPECT_EQ(ENOENT, lock_set_policy(self->fd, NAME));
		EXPECT_EQ(0, load());
		reloads++;
	}
	ASSERT_TRUE(troupe_end(troupe));
	TH_LOG("%u changes, loaded %u times", changes, reloads);
	EXPECT_LT(0, reloads);
	EXPECT_EXCLUSION(troupe);
	EXPECT_LEFT_FREE(self->fd);
}

/* Locks made with the policy, and those refused without the module. */
static volatile __u64 made, refused;
static volatile bool over;

static void *make_locks(void *arg)
{
	while (!over) {
		int fd = lock_create_by_policy(NAME);

		if (fd >= 0)
			made++;
		else if (fd == -ENOENT)
			refused++;
		else
			return arg;
		close(fd);
	}
	return NULL;
}

static bool until_more(volatile __u64 *count)
{
	__u64 seen = *count;

	return UNTIL(*count != seen);
}

TEST_F_TIMEOUT(policy_module, unloaded_as_locks_are_made, PATIENCE)
{
	pthread_t thread;
	int i;

	close(self->fd);
	self->fd = -1;
	over = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, make_locks, self));
	for (i = 0; i < 10; i++) {
		EXPECT_TRUE(until_more(&made));
		EXPECT_EQ(0, unload_at_last());
		EXPECT_TRUE(until_more(&refused));
		EXPECT_EQ(0, load());
	}
	over = true;
	EXPECT_TRUE(threads_end_well(&thread, 1));
}

TEST_F_TIMEOUT(policy_module, by_gilrun, PATIENCE)
{
	const char *command = "gilrun --policy " NAME " true 2>/dev/null";
	int status;

	if (!lock_can_bind())
		SKIP(return, "no thread can be bound here");
	close(self->fd);
	self->fd = -1;
	if (system("gilrun --version >/dev/null 2>&1"))
		SKIP(return, "no gilrun here");
	EXPECT_EQ(0, system(command));
	ASSERT_EQ(0, unload_at_last());
	status = system(command);
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_NE(0, WEXITSTATUS(status));
	ASSERT_EQ(0, load());
}

GIL_TEST_MAIN
