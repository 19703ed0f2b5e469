// SPDX-License-Identifier: GPL-2.0
/*
 * Assignment 1: four threads add to one counter, and updates are lost. Nothing
 * is to be written here. START is the student's number, from the Makefile.
 *
 * The program prints each load and each store of the counter. The log has a
 * lock of its own, so its lines are in the order in which things happened. That
 * lock is free between load and store, so it does not protect an update.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 4
#define ROUNDS 50

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t all_are_here;
static int counter = START;
static int lines;

static void log_line(char name, const char *what, int value)
{
	printf("%d %c %s %d\n", ++lines, name, what, value);
}

static int load(char name)
{
	int value;

	pthread_mutex_lock(&log_lock);
	value = counter;
	log_line(name, "load", value);
	pthread_mutex_unlock(&log_lock);
	return value;
}

static void store(char name, int value)
{
	pthread_mutex_lock(&log_lock);
	counter = value;
	log_line(name, "store", value);
	pthread_mutex_unlock(&log_lock);
}

static void *add(void *names)
{
	char name = *(char *)names;
	int value;

	pthread_barrier_wait(&all_are_here);
	for (int i = 0; i < ROUNDS; i++) {
		/* counter += 1 */
		value = load(name);
		/* Another thread may run here at any time. Often, one does. */
		if ((name + i) % 3 == 0)
			sched_yield();
		store(name, value + 1);
	}
	return NULL;
}

int main(void)
{
	char names[THREADS] = "ABCD";
	pthread_t threads[THREADS];

	pthread_barrier_init(&all_are_here, NULL, THREADS);
	printf("start %d\n", START);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, add, &names[i])) {
			fputs("lost: no more threads can be made\n", stderr);
			return 1;
		}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("end %d\n", counter);
	return 0;
}
