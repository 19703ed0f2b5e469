// SPDX-License-Identifier: GPL-2.0
/* Write files through gzip(1), which is on every Debian system. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gzip.h"

extern char **environ;

/* gzip from @from to @to; 0 or an errno. */
static int start(pid_t *gzip, int from, int to)
{
	static char *const command[] = { "gzip", "-1n", NULL };
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, to,
							 STDOUT_FILENO);
	if (!error)
		error = posix_spawnp(gzip, command[0], &actions, NULL, command,
				     environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

FILE *gzip_open(const char *path, pid_t *gzip)
{
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int ends[2], error;
	FILE *file = NULL;

	if (to < 0)
		return NULL;
	if (pipe2(ends, O_CLOEXEC)) {
		error = errno;
	} else {
		error = start(gzip, ends[0], to);
		close(ends[0]);
		if (!error)
			file = fdopen(ends[1], "w");
		else
			close(ends[1]);
		/* If gzip ends early, gzip_close() tells. */
		signal(SIGPIPE, SIG_IGN);
	}
	close(to);
	errno = error;
	return file;
}

int gzip_close(FILE *file, pid_t gzip)
{
	int status;

	fclose(file);
	while (waitpid(gzip, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	signal(SIGPIPE, SIG_DFL);
	return status ? EIO : 0;
}
