/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals for a program that runs some processes away: whoever started us knows
 * us alone, and between us and the program are those that record it.
 *
 * The program, begun, tells its process by a socket that all of them inherit.
 */
#ifndef RECORDING_RELAY_H
#define RECORDING_RELAY_H

#include <signal.h>
#include <sys/types.h>

struct relay {
	/* As it was before signals were kept back. */
	sigset_t mask;
	int signals;
	/* The socket's two ends: ours, and the program's. */
	int from;
	int to;
};

/* Keep signals back from now on. 0, or -1 and errno. */
int relay_begin(struct relay *relay);

/* In a new child, which is to run those that run the program. */
void relay_in_child(const struct relay *relay);

/*
 * Until that child has ended, and may be waited for: hand on to the program, as
 * long as there is one, what other processes send. What a terminal sends, it
 * sends to all.
 */
void relay_until_ended(struct relay *relay, pid_t child);

/* What came when there was no program takes effect now. */
void relay_end(struct relay *relay);

/* In the program: @to is the socket's end of relay_begin(), inherited. */
void relay_here(int to);

#endif
