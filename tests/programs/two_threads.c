// SPDX-License-Identifier: GPL-2.0
/*
 * What debuggers.py has debugged: two threads that call add_number() COUNT times
 * each. With an argument they begin when a line has come.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define COUNT 200

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int total;

static void add_number(int number)
{
	pthread_mutex_lock(&mutex);
	total += number;
	pthread_mutex_unlock(&mutex);
	usleep(10);
}

static void *work(void *arg)
{
	int *number = arg;

	for (int i = 0; i < COUNT; i++)
		add_number(*number);
	return NULL;
}

int main(int argc, char **argv)
{
	int numbers[] = { 1, 1000 };
	pthread_t threads[2];

	(void)argv;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1) {
		printf("%d\n", (int)getpid());
		getchar();
	}
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, work, &numbers[i]))
			return 1;
	for (int i = 0; i < 2; i++)
		if (pthread_join(threads[i], NULL))
			return 1;
	printf("total %d\n", total);
	return 6;
}
