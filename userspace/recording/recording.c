// SPDX-License-Identifier: GPL-2.0
/* The option --report: record a run of this program and make its page. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recording.h"
#include "relay.h"

/*
 * Set only in the recorded run itself, not in what it starts: the descriptor
 * through which to send its pid (relay.h).
 */
#define RECORDED "GIL_RECORDED"

#define NOT_RUN (-1)

bool recording_wanted(void)
{
	const char *recorded = getenv(RECORDED);

	if (!recorded)
		return true;
	if (atoi(recorded) > STDERR_FILENO)
		relay_here(atoi(recorded));
	unsetenv(RECORDED);
	return false;
}

static int cannot(const struct recording *recording, const char *what,
		  const char *which, int error)
{
	fprintf(stderr, "%s: cannot %s '%s': %s\n", recording->name, what,
		which, strerror(error));
	return NOT_RUN;
}

static bool join(char *path, const char *dir, size_t length, const char *name)
{
	return snprintf(path, PATH_MAX, "%.*s/%s", (int)length, dir, name) <
	       PATH_MAX;
}

static bool is_program(const char *path)
{
	return !access(path, X_OK);
}

static bool own_path(char *path)
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

	path[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/*
 * Look beside this program, as in a build; in ../sbin, as installed; then in
 * PATH.
 */
static bool find_program(char *path, const char *name)
{
	const char *where = getenv("PATH");
	char own[PATH_MAX], sbin[64];
	size_t length;

	snprintf(sbin, sizeof(sbin), "../sbin/%s", name);
	if (own_path(own)) {
		length = (size_t)(strrchr(own, '/') - own);
		if (join(path, own, length, name) && is_program(path))
			return true;
		if (join(path, own, length, sbin) && is_program(path))
			return true;
	}
	for (; where && *where; where += length + (where[length] == ':')) {
		length = strcspn(where, ":");
		if (length && join(path, where, length, name) &&
		    is_program(path))
			return true;
	}
	return false;
}

static int need_program(const struct recording *recording, char *path,
			const char *name)
{
	if (find_program(path, name))
		return 0;
	fprintf(stderr,
		"%s: --report needs %s, which is neither beside this program nor in PATH: run 'make' or 'make install'\n",
		recording->name, name);
	return NOT_RUN;
}

static void become(const struct recording *recording, char **argv)
{
	execv(argv[0], argv);
	cannot(recording, "run", argv[0], errno);
	_exit(127);
}

/* The exit status of @pid, as a shell has it. */
static int status_of(const struct recording *recording, pid_t pid,
		     const char *path)
{
	int status = 0;

	if (pid < 0)
		return cannot(recording, "run", path, errno);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return cannot(recording, "wait for", path, errno);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

/* A signal ends the program, not us: what was recorded is still reported. */
static int run_recorded(const struct recording *recording, char **argv)
{
	struct relay relay;
	char to[16];
	int status;
	pid_t pid;

	if (relay_begin(&relay))
		return cannot(recording, "forward signals to", argv[0], errno);
	snprintf(to, sizeof(to), "%d", relay.to);
	setenv(RECORDED, to, 1);
	pid = fork();
	if (!pid) {
		relay_in_child(&relay);
		become(recording, argv);
	}
	unsetenv(RECORDED);
	if (pid > 0)
		relay_until_ended(&relay, pid);
	status = status_of(recording, pid, argv[0]);
	relay_end(&relay);
	return status;
}

/* Its output goes to stderr, because stdout is the program's. */
static int run_quietly(const struct recording *recording, char **argv)
{
	pid_t pid = fork();

	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		become(recording, argv);
	}
	return status_of(recording, pid, argv[0]);
}

/* The run's status, or NOT_RUN. If all goes well gilrecord ends with @text. */
static int record(const struct recording *recording, char *gilrecord,
		  char *trace, const char *text)
{
	char own[PATH_MAX];
	char *fixed[] = { gilrecord, "-o", trace, "--", own };
	enum { FIXED = sizeof(fixed) / sizeof(*fixed) };
	int count = 0, status;
	char **argv;

	while (recording->argv[count])
		count++;
	argv = calloc((size_t)(FIXED + count), sizeof(*argv));
	if (!argv || !own_path(own)) {
		free(argv);
		return cannot(recording, "run", gilrecord, errno);
	}
	memcpy(argv, fixed, sizeof(fixed));
	memcpy(argv + FIXED, recording->argv + 1,
	       (size_t)count * sizeof(*argv));
	unlink(text);
	status = run_recorded(recording, argv);
	free(argv);
	return access(text, F_OK) ? NOT_RUN : status;
}

static int report(const struct recording *recording, char *gilreport,
		  char *trace)
{
	char interval[32], *option = recording->interval_ns ? interval : NULL;
	char *argv[] = { gilreport, "-o", (char *)recording->dir, trace,
			 option, NULL };

	snprintf(interval, sizeof(interval), "--interval=%lluns",
		 (unsigned long long)recording->interval_ns);
	return run_quietly(recording, argv);
}

int recording_run(const struct recording *recording)
{
	char gilrecord[PATH_MAX], gilreport[PATH_MAX];
	char trace[PATH_MAX], text[PATH_MAX];
	const char *dir = recording->dir;
	int status;

	if (need_program(recording, gilrecord, "gilrecord") ||
	    need_program(recording, gilreport, "gilreport"))
		return recording->failure;
	if ((mkdir(dir, 0777) && errno != EEXIST) ||
	    !join(trace, dir, strlen(dir), "trace.dat") ||
	    !join(text, dir, strlen(dir), "trace.txt")) {
		cannot(recording, "make the folder", dir, errno);
		return recording->failure;
	}
	status = record(recording, gilrecord, trace, text);
	if (status == NOT_RUN)
		return recording->failure;
	if (report(recording, gilreport, trace) && !status)
		return recording->failure;
	return status;
}
