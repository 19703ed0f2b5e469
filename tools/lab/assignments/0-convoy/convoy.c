// SPDX-License-Identifier: GPL-2.0
/*
 * Assignment 0: a thread that does I/O beside two threads that only compute.
 * Nothing is to be written here. NUMBER is the student's number: see record.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* "-NUMBER" */
#define TEXT_OF(number) "-" #number
#define TEXT(number) TEXT_OF(number)

/* How often the I/O thread sleeps, which stands for the I/O, and how long. */
#define IOS (20 + 10 * (NUMBER % 3))
#define IO_NS 1000000

static atomic_bool stop;

static void *io(void *unused)
{
	const struct timespec wait = { .tv_nsec = IO_NS };

	for (int i = 0; i < IOS; i++)
		nanosleep(&wait, NULL);
	stop = true;
	return unused;
}

static void *hog(void *unused)
{
	while (!stop)
		;
	return unused;
}

/* A thread takes over the name of its maker, so it has NAME from the start. */
static void begin(pthread_t *thread, void *(*work)(void *), const char *name)
{
	pthread_setname_np(pthread_self(), name);
	if (pthread_create(thread, NULL, work, NULL)) {
		fputs("convoy: no more threads can be made\n", stderr);
		exit(1);
	}
	pthread_setname_np(pthread_self(), "convoy");
}

int main(void)
{
	pthread_t threads[3];

	begin(&threads[0], hog, "hog1" TEXT(NUMBER));
	begin(&threads[1], hog, "hog2" TEXT(NUMBER));
	begin(&threads[2], io, "io" TEXT(NUMBER));
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
