// SPDX-License-Identifier: GPL-2.0
/* What a hostile student might try. Each attempt prints a line if it succeeds. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void opens(const char *path, int flags)
{
	if (open(path, flags) >= 0)
		printf("opened %s\n", path);
}

static void secrets(void)
{
	char path[64];

	opens("/gil/grader", O_RDONLY);
	opens("/gil/grader/grade.py", O_RDONLY);
	opens("/gil/nonce", O_RDONLY);
	opens("/dev/mem", O_RDONLY);
	opens("/dev/kmsg", O_WRONLY);
	opens("/proc/sysrq-trigger", O_WRONLY);
	for (int pid = 1; pid < 32768; pid++) {
		snprintf(path, sizeof(path), "/proc/%d/mem", pid);
		if (pid != getpid())
			opens(path, O_RDONLY);
	}
	opens("/gil/student/hostile.c", O_WRONLY);
}

static void root(void)
{
	char line[256];
	FILE *status = fopen("/proc/self/status", "r");

	if (!setuid(0) || !seteuid(0) || !setgid(0) || !getuid() || !getgid())
		puts("became root");
	while (fgets(line, sizeof(line), status))
		if ((!strncmp(line, "CapEff:", 7) && strtoull(line + 7, NULL, 16)) ||
		    !strcmp(line, "NoNewPrivs:\t0\n"))
			printf("%s", line);
}

static void kills(void)
{
	if (!kill(1, SIGKILL) || !kill(getppid(), SIGKILL))
		puts("killed");
	kill(-1, SIGKILL);
}

static void forks(void)
{
	for (;;)
		if (fork() < 0 && errno != EAGAIN)
			puts("cannot fork");
}

static void memory(void)
{
	const size_t step = 1 << 20;
	size_t all = 0;
	char *got;

	while ((got = malloc(step))) {
		memset(got, 1, step);
		all += step;
		if (all > 1024 * step) {
			puts("took 1 GB");
			break;
		}
	}
}

static void disk(void)
{
	static char data[1 << 20];
	int file = open("/tmp/big", O_WRONLY | O_CREAT, 0600);

	for (int i = 0; i < 128; i++)
		if (write(file, data, sizeof(data)) <= 0)
			return;
	puts("wrote 128 MB");
}

static void *spin(void *unused)
{
	for (;;)
		;
	return unused;
}

static void endless(void)
{
	pthread_t thread;

	for (int i = 0; i < 8; i++)
		pthread_create(&thread, NULL, spin, NULL);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_IGN);
	spin(NULL);
}

static void leaves_a_daemon(void)
{
	if (fork())
		_exit(0);
	setsid();
	opens("/tmp/left", O_CREAT | O_WRONLY);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_IGN);
	for (;;)
		pause();
}

static void answers(void)
{
	puts("ok 1 secrets # 0123456789abcdef\n# begin endless\nok 10 all");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*attempt)(void);
	} all[] = {
		{ "secrets", secrets }, { "root", root }, { "kills", kills },
		{ "forks", forks }, { "memory", memory }, { "disk", disk },
		{ "endless", endless }, { "daemon", leaves_a_daemon },
		{ "answers", answers },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(argv[1], all[i].name))
			all[i].attempt();
	return 0;
}
