// SPDX-License-Identifier: GPL-2.0
/*
 * A shortage while a bound process forks: nobody is killed. The child waits until
 * it can be bound.
 */
#include <stdio.h>
#include <sys/wait.h>

#include "main.h"
#include "process.h"

#define APART	(GIL_BIND_IO | GIL_BIND_SLICE | GIL_BIND_INHERIT | \
		 GIL_BIND_PER_PROCESS)
#define FILE_MAX "/proc/sys/fs/file-max"
#define NOBODY	65534

struct seen {
	volatile pid_t child;
};

FIXTURE(shortage)
{
	int fd;
	struct seen *seen;
	char file_max[32];
};

FIXTURE_SETUP(shortage)
{
	const struct gil_create create = { .flags = GIL_CREATE_RECORD };
	FILE *file = fopen(FILE_MAX, "r");

	if (getuid() || !file)
		SKIP(return, "only root limits the open files");
	ASSERT_NE(NULL, fgets(self->file_max, sizeof(self->file_max), file));
	fclose(file);
	self->fd = lock_create_with(&create);
	ASSERT_LE(0, self->fd);
	self->seen = shared_new(sizeof(*self->seen));
	ASSERT_NE(NULL, self->seen);
}

FIXTURE_TEARDOWN(shortage)
{
	if (self->file_max[0])
		write_text(FILE_MAX, self->file_max);
	close(self->fd);
}

/* Bind as an ordinary user, and fork when the test says so. */
static int fork_bound(int fd, int go, struct seen *seen)
{
	char byte;
	pid_t child;

	if (setuid(NOBODY) || lock_bind(fd, APART) || read(go, &byte, 1) != 1)
		return 1;
	child = fork();
	if (!child)
		_exit(0);
	seen->child = child;
	return child_status(child) ? 2 : 0;
}

/* The child's own lock needs an open file, and there are too many. */
TEST_F_TIMEOUT(shortage, files, PATIENCE)
{
	struct gil_record theirs, its;
	int go[2], status;
	pid_t parent;

	ASSERT_EQ(0, pipe(go));
	parent = fork();
	if (!parent)
		_exit(fork_bound(self->fd, go[0], self->seen));
	ASSERT_LT(0, parent);
	ASSERT_TRUE(until_bound(self->fd, 1));
	ASSERT_TRUE(write_text(FILE_MAX, "0"));
	ASSERT_EQ(1, write(go[1], "", 1));
	/* It waits, or it has ended, because somebody killed it. */
	EXPECT_TRUE(UNTIL(self->seen->child &&
			  (task_state(self->seen->child) == 'D' ||
			   task_state(parent) == 'Z')));
	EXPECT_NE('Z', task_state(parent));
	ASSERT_TRUE(write_text(FILE_MAX, self->file_max));
	ASSERT_EQ(parent, waitpid(parent, &status, 0));
	EXPECT_EQ(0, status);
	/* Both were bound, each to a lock of its own. */
	EXPECT_EQ(sizeof(its), read(self->fd, &its, sizeof(its)));
	EXPECT_EQ(sizeof(theirs), read(self->fd, &theirs, sizeof(theirs)));
	EXPECT_EQ(APART, its.thread.bind & theirs.thread.bind);
	EXPECT_NE(its.thread.lock, theirs.thread.lock);
}

GIL_BOUND_TEST_MAIN
