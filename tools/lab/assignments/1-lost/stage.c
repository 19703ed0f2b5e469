// SPDX-License-Identifier: GPL-2.0
/*
 * Assignment 1: threads that use a lock as a test tells them. Nothing is to be
 * written here. 'lab grade' has a stage.c of its own.
 *
 * stage COMMANDS ANSWERS...: for each thread the descriptors of two pipes. A
 * thread's first answer is its number.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lock.h"

#define MOST 64

/* What a test tells a thread. The answer has the same token. */
struct command {
	uint64_t token;
	uint32_t what;
	uint32_t times;
};

struct answer {
	uint64_t token;
	uint64_t value;
};

enum what {
	ACQUIRE,
	RELEASE,
	COUNT,		/* so many turns, each of which adds to the counter */
	VALUE,		/* tell the counter */
	STEP_ACQUIRE,	/* between two traps, for a test that goes step by step */
	STEP_RELEASE,
};

static struct lock lock;
static uint64_t counter;
static int pipes[MOST][2];

static void trap(void)
{
	__asm__ volatile("int3" ::: "memory");
}

/* Let another thread run at the worst time. */
static void count(uint32_t times)
{
	while (times--) {
		uint64_t value;

		lock_acquire(&lock);
		value = *(volatile uint64_t *)&counter;
		sched_yield();
		*(volatile uint64_t *)&counter = value + 1;
		lock_release(&lock);
	}
}

static void obey(const struct command *command)
{
	switch (command->what) {
	case ACQUIRE:
		lock_acquire(&lock);
		break;
	case RELEASE:
		lock_release(&lock);
		break;
	case COUNT:
		count(command->times);
		break;
	case STEP_ACQUIRE:
		trap();
		lock_acquire(&lock);
		trap();
		break;
	case STEP_RELEASE:
		trap();
		lock_release(&lock);
		trap();
		break;
	}
}

static void *live(void *arg)
{
	const int *fds = arg;
	struct answer answer = { .value = (uint64_t)gettid() };
	struct command command;

	while (write(fds[1], &answer, sizeof(answer)) == sizeof(answer) &&
	       read(fds[0], &command, sizeof(command)) == sizeof(command)) {
		obey(&command);
		answer.token = command.token;
		answer.value = counter;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = (argc - 1) / 2;
	pthread_t made[MOST];

	if (threads < 1 || threads > MOST) {
		fputs("usage: stage COMMANDS ANSWERS...\n", stderr);
		return 2;
	}
	for (int i = 0; i < threads; i++) {
		pipes[i][0] = atoi(argv[1 + 2 * i]);
		pipes[i][1] = atoi(argv[2 + 2 * i]);
		if (pthread_create(&made[i], NULL, live, pipes[i])) {
			fputs("stage: no more threads can be made\n", stderr);
			return 1;
		}
	}
	for (int i = 0; i < threads; i++)
		pthread_join(made[i], NULL);
	return 0;
}
