// SPDX-License-Identifier: GPL-2.0
/* Child processes of a test, memory shared with them, and counted signals. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

volatile sig_atomic_t signals_counted;

pid_t fork_with_parent(void)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have died before the call. */
	if (getppid() != parent)
		_exit(1);
	return 0;
}

int use_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? errno : 0;
}

int child_status(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool threads_end_well(const pthread_t *threads, int count)
{
	bool well = true;
	void *failed;
	int i;

	for (i = 0; i < count; i++)
		well &= !pthread_join(threads[i], &failed) && !failed;
	return well;
}

char task_state(pid_t tid)
{
	char path[32], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state;
}

bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return done;
}

void *shared_new(size_t size)
{
	void *room = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

static void count(int sig)
{
	(void)sig;
	signals_counted++;
}

int count_signal(int sig, int flags)
{
	const struct sigaction action = {
		.sa_handler = count,
		.sa_flags = flags,
	};

	return sigaction(sig, &action, NULL) ? errno : 0;
}
