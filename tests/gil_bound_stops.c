// SPDX-License-Identifier: GPL-2.0
/*
 * SIGSTOP to a process of two threads: one owns the lock and runs, and the other
 * is bound and waits for the lock on its way to user mode. If the owner is bound
 * too, the process stops. Otherwise it cannot stop as long as the owner, who has
 * stopped, keeps the lock; SIGCONT or SIGKILL gets it out of that.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>

#include "main.h"
#include "process.h"
#include "stage.h"

FIXTURE(stops)
{
	STAGE;
	volatile bool *go;
	pid_t child;
};

FIXTURE_SETUP(stops)
{
	ASSERT_EQ(0, stage_open(&self->stage, 0, MS));
	self->go = shared_new(sizeof(*self->go));
	ASSERT_NE(NULL, self->go);
}

NO_TEARDOWN(stops)

/* The owner does not block any longer, which would give the lock up. */
static volatile bool owner_spins;

static void *bind_and_unbind(void *arg)
{
	int fd = *(int *)arg;

	while (!owner_spins)
		;
	return lock_bind(fd, SLICED) || lock_unbind(fd) ? arg : NULL;
}

/* Own the lock until the test says go. Exits with 0 if all went well. */
static void own_and_spin(int fd, bool bound, volatile bool *go)
{
	pthread_t thread;
	void *failed;
	int err;

	err = bound ? lock_bind(fd, GIL_BIND_IO) : lock_acquire(fd, 0, 0);
	err = err ?: pthread_create(&thread, NULL, bind_and_unbind, &fd);
	owner_spins = true;
	while (!err && !*go)
		;
	if (!err)
		err = bound ? lock_unbind(fd) : lock_release(fd, 0);
	err = err ?: pthread_join(thread, &failed);
	_exit(err || failed);
}

static bool has_stopped(pid_t child)
{
	int status;

	return waitpid(child, &status, WUNTRACED | WNOHANG) == child &&
	       WIFSTOPPED(status);
}

#define STOP(owner_is_bound)						\
	do {								\
		self->child = ASSERT_CHILD(fork_with_parent());		\
		if (!self->child)					\
			own_and_spin(self->fd, owner_is_bound, self->go); \
		ASSERT_TRUE(until_waiting(self->fd, 1));		\
		ASSERT_EQ(0, kill(self->child, SIGSTOP));		\
	} while (0)

TEST_F_TIMEOUT(stops, beside_a_bound_owner, PATIENCE)
{
	STOP(true);
	EXPECT_TRUE(UNTIL(has_stopped(self->child)));
	*self->go = true;
	EXPECT_EQ(0, kill(self->child, SIGCONT));
	EXPECT_EQ(0, child_status(self->child));
}

TEST_F_TIMEOUT(stops, beside_another_owner_until_sigcont, PATIENCE)
{
	STOP(false);
	ASSERT_TRUE(UNTIL(task_state(self->child) == 'T'));
	/* The owner has stopped, but not the thread that waits. */
	EXPECT_FALSE(has_stopped(self->child));
	EXPECT_EQ(1, lock_waiting(self->fd));
	*self->go = true;
	EXPECT_EQ(0, kill(self->child, SIGCONT));
	EXPECT_EQ(0, child_status(self->child));
}

TEST_F_TIMEOUT(stops, beside_another_owner_until_sigkill, PATIENCE)
{
	STOP(false);
	ASSERT_TRUE(UNTIL(task_state(self->child) == 'T'));
	EXPECT_FALSE(has_stopped(self->child));
	EXPECT_EQ(0, kill(self->child, SIGKILL));
	EXPECT_EQ(-1, child_status(self->child));
	EXPECT_LEFT_FREE(self->fd);
}

GIL_BOUND_TEST_MAIN
