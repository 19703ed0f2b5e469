// SPDX-License-Identifier: GPL-2.0
/*
 * ThreadSanitizer knows from libgil in which order threads own a lock. Built
 * with -fsanitize=thread; a child that it finds a race in ends with status 66.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include <gil.h>

#include "main.h"
#include "process.h"

enum { ROUNDS = 1000, RACE = 66 };

static gil_t *lock;
static uint64_t counter;

/* Each counts within the lock, or right after it. */
typedef int count_fn(void);

static int acquire_release(void)
{
	if (gil_acquire(lock))
		return 1;
	counter++;
	return gil_release(lock);
}

static int until(void)
{
	struct timespec far = { .tv_sec = INT32_MAX };

	if (gil_acquire_until(lock, &far))
		return 1;
	counter++;
	return gil_release(lock);
}

static int try_again(void)
{
	while (gil_try_acquire(lock))
		;
	counter++;
	return gil_release(lock);
}

static int enqueue_wait(void)
{
	int err = gil_enqueue(lock);

	if (err == EINPROGRESS)
		err = gil_wait(lock, NULL);
	counter++;
	return err ?: gil_release(lock);
}

static int yields(void)
{
	if (gil_acquire(lock))
		return 1;
	counter++;
	if (gil_yield(lock))
		return 2;
	counter++;
	if (gil_checkpoint(lock))
		return 3;
	counter++;
	return gil_release(lock);
}

static int io(void)
{
	int err = gil_acquire(lock);

	counter++;
	err |= GIL_IO(lock, (void)0);
	counter++;
	return err ?: gil_release(lock);
}

static int unguarded(void)
{
	int err = gil_acquire(lock) ?: gil_release(lock);

	counter++;
	return err;
}

static int guarded_in_part(void)
{
	int err = gil_acquire(lock);

	GIL_IO(lock, counter++);
	return err ?: gil_release(lock);
}

static void *work(void *count)
{
	for (int i = 0; i < ROUNDS; i++)
		if (((count_fn *)count)())
			exit(1);
	return NULL;
}

/* The status of a child in which two threads count. */
static int status_of(count_fn *count)
{
	pthread_t threads[2];
	pid_t child = fork();

	if (child)
		return child_status(child);
	/* What it found is expected, or is told by the status. */
	fclose(stderr);
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)count))
			exit(1);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	exit(0);
}

FIXTURE(libgil_tsan)
{
	gil_t *lock;
};

FIXTURE_SETUP(libgil_tsan)
{
	struct gil_options options = { .interval_ns = 100000 };

	ASSERT_EQ(0, gil_create(&self->lock, &options));
	lock = self->lock;
}

FIXTURE_TEARDOWN(libgil_tsan)
{
	gil_close(self->lock);
}

TEST_F_TIMEOUT(libgil_tsan, guarded, PATIENCE)
{
	static count_fn *const guarded[] = {
		acquire_release, until, try_again, enqueue_wait, yields, io,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(guarded); i++) {
		EXPECT_EQ(0, status_of(guarded[i])) {
			TH_LOG("case %u", i);
		}
	}
}

TEST_F_TIMEOUT(libgil_tsan, unguarded, PATIENCE)
{
	EXPECT_EQ(RACE, status_of(unguarded));
	EXPECT_EQ(RACE, status_of(guarded_in_part));
}

GIL_TEST_MAIN
