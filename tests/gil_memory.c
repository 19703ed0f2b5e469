// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's memory for contexts, and for the table that finds them by their
 * ids, is charged to the cgroup of the thread that uses the lock.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "main.h"
#include "process.h"

#define CGROUP	"/sys/fs/cgroup/gil_memory"
#define KEPT	120
/* The ids between two of those that are kept, so that each has its own node. */
#define GAP	63
/* Each node has 576 bytes. */
#define LEAST	(KEPT * 400L)

/* The cgroup's kernel memory, once the kernel has added it up. */
static long charged(void)
{
	FILE *file;
	char line[128];
	long bytes = -1;

	usleep(3000000);
	file = fopen(CGROUP "/memory.stat", "r");
	while (file && bytes < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "slab %ld", &bytes);
	if (file)
		fclose(file);
	return bytes;
}

static int attach_once(void)
{
	int fd = lock_open();

	if (fd >= 0 && lock_attach(fd, NULL)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Keep contexts whose ids are so far apart: what is charged then. */
static long charged_for(int gap)
{
	int fds[KEPT], i, j, fd;
	long bytes;

	for (i = 0; i < KEPT; i++) {
		fds[i] = attach_once();
		if (fds[i] < 0)
			return -1;
		for (j = 0; j < gap; j++) {
			fd = attach_once();
			if (fd < 0)
				return -1;
			close(fd);
		}
	}
	bytes = charged();
	for (i = 0; i < KEPT; i++)
		close(fds[i]);
	return bytes;
}

static int charge(void)
{
	long near, apart;

	if (!write_text(CGROUP "/cgroup.procs", "0"))
		return 1;
	near = charged_for(0);
	apart = charged_for(GAP);
	printf("# %ld bytes, and %ld with distant ids\n", near, apart);
	fflush(stdout);
	return near < 0 || apart < 0 ? 2 : apart - near < LEAST ? 3 : 0;
}

TEST(memory_of_the_ids)
{
	pid_t child;

	if (geteuid())
		SKIP(return, "only root makes cgroups");
	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	mkdir(CGROUP, 0755);
	if (access(CGROUP "/memory.stat", R_OK))
		SKIP(return, "no cgroup here counts memory");
	child = fork_with_parent();
	if (!child)
		_exit(charge());
	EXPECT_EQ(0, child_status(child));
	rmdir(CGROUP);
}

GIL_TEST_MAIN
