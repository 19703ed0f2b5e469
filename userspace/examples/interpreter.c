// SPDX-License-Identifier: GPL-2.0
/*
 * A miniature interpreter: threads run "bytecode" under one lock, make a
 * checkpoint after each instruction, and give the lock up around a call that
 * blocks.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gil.h>

#define THREADS 3
#define INSTRUCTIONS 300000

static gil_t *gil;
static unsigned long executed;

/* Between two checkpoints no other thread changes what the lock protects. */
static int execute(void)
{
	for (int i = 0; i < INSTRUCTIONS; i++) {
		int error;

		executed++;
		error = gil_checkpoint(gil);
		if (error)
			return error;
	}
	return 0;
}

static void *thread_main(void *arg)
{
	int error = gil_acquire(gil);

	if (error)
		goto fail;
	error = execute();
	if (error)
		goto fail;
	/* The other threads run during the sleep. */
	GIL_IO(gil, usleep(10000));
	error = execute();
	if (error)
		goto fail;
	error = gil_release(gil);
	if (error)
		goto fail;
	return NULL;

fail:
	fprintf(stderr, "thread %s: %s\n", (const char *)arg, strerror(error));
	return NULL;
}

int main(void)
{
	static const char *const names[THREADS] = { "one", "two", "three" };
	struct gil_options options = { .interval_ns = 1000000 };
	pthread_t threads[THREADS];
	int error = gil_create(&gil, &options);

	if (error) {
		fprintf(stderr, "cannot make a lock: %s\n", strerror(error));
		return 1;
	}
	for (int i = 0; i < THREADS; i++) {
		error = pthread_create(&threads[i], NULL, thread_main,
				       (void *)names[i]);
		if (error) {
			fprintf(stderr, "pthread_create: %s\n",
				strerror(error));
			return 1;
		}
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%lu of %d instructions\n", executed,
	       2 * THREADS * INSTRUCTIONS);
	gil_close(gil);
	return executed == 2UL * THREADS * INSTRUCTIONS ? 0 : 1;
}
