/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Forward signals to the recorded program. The caller knows only our pid, and
 * the recorder's processes stand between us and the program.
 *
 * When the program begins, it sends its pid through a socket that it inherited.
 */
#ifndef RECORDING_RELAY_H
#define RECORDING_RELAY_H

#include <signal.h>
#include <sys/types.h>

struct relay {
	/* The signal mask before relay_begin(). */
	sigset_t mask;
	int signals;
	/* The socket's two ends: ours and the program's. */
	int from;
	int to;
};

/* Block the signals to be forwarded. 0, or -1 and errno. */
int relay_begin(struct relay *relay);

/* In the child that becomes the recorder. */
void relay_in_child(const struct relay *relay);

/*
 * Forward signals until that child has ended and can be waited for. Signals of a
 * terminal are not forwarded, because they have reached the program already.
 */
void relay_until_ended(struct relay *relay, pid_t child);

/* Signals that came while there was no program take effect now. */
void relay_end(struct relay *relay);

/* In the program: @to is the inherited relay.to of relay_begin(). */
void relay_here(int to);

#endif
