// SPDX-License-Identifier: GPL-2.0
/*
 * SIGALRM ends the process at once, from whatever thread; forked workers die
 * with it (team.c). The text is made beforehand: a signal handler may only
 * write it. The same step shows as progress where stderr is a terminal.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "watchdog.h"

static char message[320];
static const char *workload_name, *lock_name;
static unsigned int limit_s;

static void bark(int signal)
{
	(void)signal;
	if (write(STDERR_FILENO, message, strlen(message)) < 0)
		_exit(1);
	_exit(1);
}

static void show_progress(const char *text)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s", text);
}

void watchdog_step(const char *step, unsigned int repetition,
		   unsigned int repetitions)
{
	char text[160];

	snprintf(text, sizeof(text), "%s on %s: %s, %u of %u", workload_name,
		 lock_name, step, repetition, repetitions);
	show_progress(text);
	/* Not atomic against the alarm: a mixed line is better than none. */
	snprintf(message, sizeof(message),
		 "\ngilbench: no end after %u s in %s: a thread waits for ever, or the machine is too slow: see --timeout, --count, --quick\n",
		 limit_s, text);
}

void watchdog_start(const char *workload, const char *lock,
		    unsigned int seconds)
{
	struct sigaction action = { .sa_handler = bark };

	workload_name = workload;
	lock_name = lock;
	limit_s = seconds;
	watchdog_step("start", 0, 0);
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
}

void watchdog_stop(void)
{
	alarm(0);
	show_progress("");
}
