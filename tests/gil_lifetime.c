// SPDX-License-Identifier: GPL-2.0
/*
 * The last close of a lock while an attached thread exits. Both end the same
 * context, and the lock is freed. A use after free shows only if the kernel
 * poisons freed memory, so "make test" boots with slub_debug.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "main.h"
#include "lock.h"

/* Many locks make the exit long, and give the race many chances. */
#define LOCKS	GIL_THREAD_LOCKS_MAX
#define ROUNDS	40
/* How much later the closing begins in each round. */
#define STEP_NS	50000

struct race {
	int fds[LOCKS];
	bool owned;
	int failed;
	atomic_bool exiting;
};

FIXTURE(last_close)
{
	struct race race;
};

FIXTURE_VARIANT(last_close)
{
	bool owned;
};

FIXTURE_VARIANT_ADD(last_close, of_free_locks) { .owned = false };
FIXTURE_VARIANT_ADD(last_close, of_owned_locks) { .owned = true };

FIXTURE_SETUP(last_close)
{
	self->race.owned = variant->owned;
}

NO_TEARDOWN(last_close)

/* Attach to all locks, or own them. */
static void *use_all(void *arg)
{
	struct race *race = arg;
	int i;

	for (i = 0; i < LOCKS; i++)
		if (race->owned ? lock_acquire(race->fds[i], 0, 0) :
				  lock_attach(race->fds[i], NULL))
			race->failed++;
	atomic_store(&race->exiting, true);
	return NULL;
}

TEST_F_TIMEOUT(last_close, races_with_exit, PATIENCE)
{
	struct race *race = &self->race;
	pthread_t thread;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		atomic_store(&race->exiting, false);
		for (i = 0; i < LOCKS; i++)
			race->fds[i] = ASSERT_FD(lock_create(0));
		ASSERT_EQ(0, pthread_create(&thread, NULL, use_all, race));
		while (!atomic_load(&race->exiting))
			;
		spin_until(now_ns() + round * STEP_NS);
		/* In the order in which the exit goes through the locks. */
		for (i = LOCKS - 1; i >= 0; i--)
			close(race->fds[i]);
		ASSERT_EQ(0, pthread_join(thread, NULL));
		EXPECT_EQ(0, race->failed);
	}
}

GIL_TEST_MAIN
