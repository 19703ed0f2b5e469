// SPDX-License-Identifier: GPL-2.0
/*
 * Ending gilbench when a workload takes too long. SIGALRM ends the process at
 * once, whatever its threads do, and forked workers die with it (see team.c).
 * The message is prepared at every step, because a signal handler may only
 * write it. If stderr is a terminal, the step is also shown as progress.
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
	/* The alarm may come in between; a garbled line is better than none. */
	snprintf(message, sizeof(message),
		 "\ngilbench: gave up after %u s in %s: a thread waits for ever, or the machine is too slow; see --timeout, --count and --quick\n",
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
