/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test's child processes and threads, the memory that it shares with them, and
 * signals that are counted and otherwise do nothing.
 */
#ifndef GIL_TEST_PROCESS_H
#define GIL_TEST_PROCESS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* fork(); the child is killed when the thread that called this ends. */
pid_t fork_with_parent(void);

/* Let the thread run on this CPU only: 0, or an errno. */
int use_cpu(int cpu);

/* Wait for a child: its exit status, or -1 if it did not exit. */
int child_status(pid_t child);

/* Did all the threads return NULL? Waits for them. */
bool threads_end_well(const pthread_t *threads, int count);

/* The letter of a thread's state in /proc, or 0. */
char task_state(pid_t tid);

/* Write a text to a file that exists: did that work? */
bool write_text(const char *path, const char *text);

/* Zeroed memory that later children share; NULL if there is none. */
void *shared_new(size_t size);

/* Count a signal in signals_counted of this process: 0, or an errno. */
int count_signal(int sig, int flags);
extern volatile sig_atomic_t signals_counted;

#endif /* GIL_TEST_PROCESS_H */
