/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a process does that stands between its caller and a program, so that the
 * caller's signals act on the program as if the caller had started it.
 */
#ifndef RECORDING_SIGNALS_H
#define RECORDING_SIGNALS_H

#include <signal.h>
#include <sys/signalfd.h>

/* All signals except those that mean that the process itself has crashed. */
void signals_to_take(sigset_t *set);

/*
 * Send the program, by its pidfd, a signal that was sent to us. A signal of
 * sigqueue() keeps its value, its code and its sender.
 */
void signal_forward(int program, const struct signalfd_siginfo *info);

/*
 * SIGSTOP and SIGKILL cannot be caught. So start a process that watches the
 * caller of this function from now on: when the caller is stopped by SIGSTOP,
 * or by a signal of another process that stops a job, it stops the program, and
 * when the caller ends, it kills the program. It ends with the caller.
 */
void signal_watch(int program);

#endif
