// SPDX-License-Identifier: GPL-2.0
/*
 * The parent of the program. For the process that started gilrun, gilrun is the
 * program: gilrun passes signals on, stops when the program stops, and ends as
 * the program ends.
 *
 * A signal from the terminal goes to the whole process group, so the program
 * has received it already. A signal from another process has to be passed on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program.h"
#include "recording/signals.h"
#include "supervise.h"

/* How long to wait for descendants that outlive the program. */
#define PATIENCE_NS 1000000000ULL

struct supervisor {
	pid_t child;
	int pidfd;
	/* There is a controlling terminal, so there may be job control. */
	bool terminal;
	bool ended;
	int signals;
	/* The read end of start()'s pipe; -1 once the program began or failed. */
	int begun;
	int lock;
	struct records *records;
	struct outcome *outcome;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Not SIGHUP: a terminal's hangup goes only to the session's leader. */
static bool sent_to_group(const struct signalfd_siginfo *info)
{
	switch (info->ssi_signo) {
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGCONT:
	case SIGWINCH:
		return info->ssi_code > 0;
	default:
		return false;
	}
}

static void pass_on(const struct supervisor *s,
		    const struct signalfd_siginfo *info)
{
	bool own = info->ssi_code <= 0 && (pid_t)info->ssi_pid == s->child;

	if (!own && !sent_to_group(info))
		signal_forward(s->pidfd, info);
}

static bool is_pending(int signo)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, signo);
}

/*
 * Stop with the signal that stopped the program, so that the shell sees its job
 * stopped and can continue it with SIGCONT. Without a terminal there is no such
 * shell, and the process that stopped the program can continue it directly. If
 * SIGSTOP stopped both and SIGCONT has continued us, it continues the program,
 * too.
 *
 * The SIGCONT stays pending and is passed on like any signal, unless the job is
 * stopped again before that. Then the kernel drops it.
 */
static void stop_too(const struct supervisor *s, int signo)
{
	sigset_t set, mask;

	if (!s->terminal || is_pending(SIGCONT))
		return;
	sigemptyset(&set);
	sigaddset(&set, signo);
	signal(signo, SIG_DFL);
	/* Still blocked, so the terminal's signal and this one stop us once. */
	raise(signo);
	sigprocmask(SIG_UNBLOCK, &set, &mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void look_at_child(struct supervisor *s)
{
	struct outcome *outcome = s->outcome;
	struct rusage usage;
	int status;

	while (!s->ended &&
	       wait4(s->child, &status, WNOHANG | WUNTRACED, &usage) > 0) {
		if (WIFSTOPPED(status)) {
			stop_too(s, WSTOPSIG(status));
			continue;
		}
		outcome->status = status;
		outcome->usage = usage;
		s->ended = true;
	}
}

static void take_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (!s->ended && read(s->signals, &info, sizeof(info)) ==
				    (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			look_at_child(s);
		else
			pass_on(s, &info);
	}
}

/* On an error the program runs on without a report of its threads. */
static void take_records(struct supervisor *s)
{
	int error = records_read(s->records, s->lock);

	if (!error)
		return;
	fprintf(stderr, "gilrun: cannot read the figures of ended threads: %s\n",
		strerror(error));
	s->lock = -1;
}

/* The child writes to the pipe only if the program could not begin. */
static void take_beginning(struct supervisor *s)
{
	int failure;

	if (read(s->begun, &failure, sizeof(failure)) == sizeof(failure))
		s->outcome->failure = failure;
	close(s->begun);
	s->begun = -1;
}

/*
 * Do not read the lock before the program has begun. Until a thread is bound,
 * the lock reports that all its threads have ended.
 */
static void wait_for_something(struct supervisor *s, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = s->ended ? -1 : s->signals, .events = POLLIN },
		{ .fd = s->begun, .events = POLLIN },
		{ .fd = s->begun < 0 && !s->records->complete ? s->lock : -1,
		  .events = POLLPRI },
	};

	if (poll(fds, sizeof(fds) / sizeof(*fds), timeout_ms) <= 0)
		return;
	if (fds[0].revents)
		take_signals(s);
	if (fds[1].revents)
		take_beginning(s);
	if (fds[2].revents)
		take_records(s);
}

static void wait_for_rest(struct supervisor *s)
{
	uint64_t now = now_ns(), end = now + PATIENCE_NS;

	if (s->begun >= 0)
		take_beginning(s);
	for (; !s->records->complete && s->lock >= 0 && now < end;
	     now = now_ns())
		wait_for_something(s, (int)((end - now) / 1000000 + 1));
}

static void run_child(const struct options *options, gil_t *gil, int begun,
		      const sigset_t *mask, const struct sigaction *chld)
{
	int failure;

	sigaction(SIGCHLD, chld, NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	failure = program_exec(options, gil);
	/* If this fails, the parent has gone and nobody reads the status. */
	if (write(begun, &failure, sizeof(failure)) < 0)
		_exit(EXIT_OWN_FAILURE);
	_exit(failure);
}

/* The child has the pipe's other end, which exec closes. */
static int start(const struct options *options, gil_t *gil,
		 struct supervisor *s)
{
	struct sigaction normal = { .sa_handler = SIG_DFL }, chld;
	sigset_t set, mask;
	int pipe_fds[2];

	signals_to_take(&set);
	sigaction(SIGCHLD, &normal, &chld);
	sigprocmask(SIG_BLOCK, &set, &mask);
	s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signals < 0 || pipe2(pipe_fds, O_CLOEXEC))
		return -1;
	s->begun = pipe_fds[0];
	s->child = fork();
	if (!s->child)
		run_child(options, gil, pipe_fds[1], &mask, &chld);
	close(pipe_fds[1]);
	if (s->child < 0)
		return -1;
	s->pidfd = pidfd_open(s->child, 0);
	if (s->pidfd < 0)
		return -1;
	signal_watch(s->pidfd);
	return 0;
}

int supervise(const struct options *options, gil_t *gil,
	      struct records *records, struct outcome *outcome)
{
	struct supervisor s = {
		.terminal = has_terminal(),
		.lock = gil_fd(gil),
		.records = records,
		.outcome = outcome,
	};
	uint64_t begin = now_ns();

	if (fcntl(s.lock, F_SETFL, O_NONBLOCK) ||
	    start(options, gil, &s)) {
		fprintf(stderr, "gilrun: cannot start a process: %s\n",
			strerror(errno));
		return -1;
	}
	while (!s.ended)
		wait_for_something(&s, -1);
	outcome->elapsed_ns = now_ns() - begin;
	wait_for_rest(&s);
	close(s.signals);
	close(s.pidfd);
	return 0;
}

/* Without a second core file, because the program's own says more. */
void end_as(int status)
{
	sigset_t set;
	int signo;

	if (WIFEXITED(status))
		exit(WEXITSTATUS(status));
	signo = WTERMSIG(status);
	prctl(PR_SET_DUMPABLE, 0);
	signal(signo, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signo);
	exit(128 + signo);
}
