// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "relay.h"

/*
 * All but those that say that we have gone wrong, those that stop and continue
 * a job, and the child's end, which relay_until_ended() sees otherwise.
 */
static void handed_on(sigset_t *set)
{
	static const int others[] = { SIGSEGV, SIGBUS,	SIGFPE,	 SIGILL,
				      SIGSYS,  SIGTRAP, SIGTSTP, SIGTTIN,
				      SIGTTOU, SIGCONT, SIGCHLD, SIGPIPE };

	sigfillset(set);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		sigdelset(set, others[i]);
}

int relay_begin(struct relay *relay)
{
	int ends[2];
	sigset_t set;

	handed_on(&set);
	relay->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (relay->signals < 0)
		return -1;
	if (pipe(ends)) {
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

	/* If nobody reads it any more, nobody has signals for us. */
	if (write(to, &self, sizeof(self)) < 0)
		errno = 0;
	close(to);
}

/* A terminal's hangup goes to the session's leader alone. */
static bool sent_to_all(const struct signalfd_siginfo *info)
{
	return info->ssi_code > 0 && info->ssi_signo != SIGHUP;
}

static void hand_on(const struct relay *relay, int program)
{
	struct signalfd_siginfo info;

	while (read(relay->signals, &info, sizeof(info)) == sizeof(info))
		if (!sent_to_all(&info))
			pidfd_send_signal(program, (int)info.ssi_signo, NULL,
					  0);
}

/* -1: it did not begin. */
static int program_of(struct relay *relay)
{
	int program = -1;
	pid_t pid;

	if (read(relay->from, &pid, sizeof(pid)) == sizeof(pid))
		program = pidfd_open(pid, 0);
	close(relay->from);
	relay->from = -1;
	return program;
}

void relay_until_ended(struct relay *relay, pid_t child)
{
	int ended = pidfd_open(child, 0), program = -1;

	close(relay->to);
	relay->to = -1;
	while (ended >= 0) {
		struct pollfd fds[] = {
			{ .fd = ended, .events = POLLIN },
			{ .fd = relay->from, .events = POLLIN },
			{ .fd = program < 0 ? -1 : relay->signals,
			  .events = POLLIN },
		};

		if (poll(fds, sizeof(fds) / sizeof(*fds), -1) < 0)
			continue;
		if (fds[1].revents)
			program = program_of(relay);
		if (fds[2].revents)
			hand_on(relay, program);
		if (fds[0].revents)
			break;
	}
	if (program >= 0)
		close(program);
	if (ended >= 0)
		close(ended);
}

void relay_end(struct relay *relay)
{
	if (relay->from >= 0)
		close(relay->from);
	if (relay->to >= 0)
		close(relay->to);
	close(relay->signals);
	sigprocmask(SIG_SETMASK, &relay->mask, NULL);
}
