// SPDX-License-Identifier: GPL-2.0
/* Forward signals to a program that other processes started for us. */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay.h"
#include "signals.h"

/*
 * Not the signals that stop a job (signal_watch() passes them on), and not
 * SIGCHLD, in whose place relay_until_ended() has a pidfd.
 */
static void forwarded(sigset_t *set)
{
	static const int others[] = { SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD,
				      SIGPIPE };

	signals_to_take(set);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		sigdelset(set, others[i]);
}

int relay_begin(struct relay *relay)
{
	int ends[2];
	sigset_t set;

	forwarded(&set);
	relay->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (relay->signals < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends)) {
		close(relay->signals);
		return -1;
	}
	relay->from = ends[0];
	relay->to = ends[1];
	fcntl(relay->from, F_SETFD, FD_CLOEXEC);
	sigprocmask(SIG_BLOCK, &set, &relay->mask);
	return 0;
}

void relay_in_child(const struct relay *relay)
{
	sigprocmask(SIG_SETMASK, &relay->mask, NULL);
}

void relay_here(int to)
{
	pid_t self = getpid();

	/* If the other end is closed, there is nobody to forward signals. */
	send(to, &self, sizeof(self), MSG_NOSIGNAL);
	close(to);
}

static void forward(const struct relay *relay, int program)
{
	struct signalfd_siginfo info;

	/*
	 * The program has a signal of the terminal already, except SIGHUP: a
	 * terminal's hangup goes only to the session's leader.
	 */
	while (read(relay->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_code <= 0 || info.ssi_signo == SIGHUP)
			signal_forward(program, &info);
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A pidfd of the program; -1: it did not begin. */
static int program_of(struct relay *relay)
{
	int program = -1;
	pid_t pid;

	if (read(relay->from, &pid, sizeof(pid)) == sizeof(pid))
		program = pidfd_open(pid, 0);
	if (program >= 0)
		signal_watch(program);
	close_end(&relay->from);
	return program;
}

void relay_until_ended(struct relay *relay, pid_t child)
{
	int ended = pidfd_open(child, 0), program = -1;
	bool over = ended < 0;

	close_end(&relay->to);
	while (!over) {
		struct pollfd fds[] = {
			{ .fd = ended, .events = POLLIN },
			{ .fd = relay->from, .events = POLLIN },
			{ .fd = program, .events = POLLIN },
			{ .fd = program < 0 ? -1 : relay->signals,
			  .events = POLLIN },
		};

		if (poll(fds, sizeof(fds) / sizeof(*fds), -1) < 0)
			continue;
		over = fds[0].revents;
		if (fds[1].revents)
			program = program_of(relay);
		if (fds[2].revents)
			close_end(&program);
		else if (fds[3].revents)
			forward(relay, program);
	}
	close_end(&program);
	close_end(&ended);
}

void relay_end(struct relay *relay)
{
	close_end(&relay->from);
	close_end(&relay->to);
	close_end(&relay->signals);
	sigprocmask(SIG_SETMASK, &relay->mask, NULL);
}
