// SPDX-License-Identifier: GPL-2.0
/*
 * Pass signals on to a program, also those that no process can catch.
 *
 * Only a parent or a tracer hears of a stop. So the process that watches traces
 * its parent, which goes on as if it were not traced. The tracer hears of
 * SIGSTOP before the parent can go on after SIGCONT. So the program gets both
 * signals in this order, too.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

void signals_to_take(sigset_t *set)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE,
				   SIGILL,  SIGSYS, SIGTRAP };

	sigfillset(set);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		sigdelset(set, own[i]);
}

/*
 * The kernel lets a process choose all of a signal's information only for codes
 * like that of sigqueue(). It fills in our own pid for kill() and tgkill().
 */
void signal_forward(int program, const struct signalfd_siginfo *from)
{
	siginfo_t info = {
		.si_signo = (int)from->ssi_signo,
		.si_code = from->ssi_code,
	};
	bool queued = from->ssi_code < 0 && from->ssi_code != SI_TKILL;

	info.si_pid = (pid_t)from->ssi_pid;
	info.si_uid = from->ssi_uid;
	/* The union's larger member. */
	info.si_value.sival_ptr = (void *)(uintptr_t)from->ssi_ptr;
	pidfd_send_signal(program, info.si_signo, queued ? &info : NULL, 0);
}

static void resume(pid_t watched, int request, int signo)
{
	ptrace(request, watched, NULL, (void *)(long)signo);
}

/*
 * A signal that the watched process does not block is due. If it stops a job,
 * the program has got it from the terminal already, or it gets it now. It does
 * not if the watched process sent it, to stop as the program did.
 */
static void due(pid_t watched, int program, int signo)
{
	siginfo_t info;

	if ((signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU) &&
	    !ptrace(PTRACE_GETSIGINFO, watched, NULL, &info) &&
	    info.si_code <= 0 && info.si_pid != watched)
		pidfd_send_signal(program, signo, NULL, 0);
	resume(watched, PTRACE_CONT, signo);
}

/* The watched process has stopped, as wait(2) says. */
static void stopped(pid_t watched, int program, int status)
{
	int signo = WSTOPSIG(status);

	if (status >> 16 != PTRACE_EVENT_STOP) {
		due(watched, program, signo);
	} else if (signo == SIGTRAP) {
		/* It was continued. */
		resume(watched, PTRACE_CONT, 0);
	} else {
		if (signo == SIGSTOP)
			pidfd_send_signal(program, SIGSTOP, NULL, 0);
		resume(watched, PTRACE_LISTEN, 0);
	}
}

/* Returns when it has ended. @wake is blocked and comes then. */
static void watch(pid_t watched, int program, const sigset_t *wake)
{
	int status;

	if (ptrace(PTRACE_SEIZE, watched, NULL, NULL)) {
		/* Somebody else traces it, or nobody may. */
		while (getppid() == watched)
			sigwaitinfo(wake, NULL);
		return;
	}
	while (waitpid(watched, &status, __WALL) == watched &&
	       WIFSTOPPED(status))
		stopped(watched, program, status);
}

static void close_all_except(int fd)
{
	close_range(0, (unsigned int)fd - 1, 0);
	close_range((unsigned int)fd + 1, ~0U, 0);
}

void signal_watch(int program)
{
	pid_t watched = getpid();
	sigset_t all;

	/* Where only ancestors may trace a process (Yama). */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	if (fork())
		return;
	/* The terminal's keys and signals to the group are not for this one. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	close_all_except(program);
	watch(watched, program, &all);
	pidfd_send_signal(program, SIGKILL, NULL, 0);
	_exit(EXIT_SUCCESS);
}
