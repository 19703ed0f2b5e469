// SPDX-License-Identifier: GPL-2.0
/*
 * An ordinary user may use the global lock and make private locks, but may not
 * change what is shared with other users.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "main.h"
#include "stage.h"

#define NOBODY	65534

static int act_become_nobody(struct actor *actor)
{
	(void)actor;
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		return errno;
	/* The kernel has cleared this as the user changed. */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) ? errno : 0;
}

static int use(struct actor *actor, int fd)
{
	actor->fd = fd;
	return fd < 0 ? -fd : lock_attach(fd, &actor->id);
}

static ACT(act_open, use(actor, lock_open()))
static ACT(act_create, use(actor, lock_create(0)))

static int act_map(struct actor *actor)
{
	errno = 0;
	actor->page = lock_map(actor->fd, actor->argument);
	return errno;
}

static ACT(act_protect,
	   mprotect(actor->page, sizeof(*actor->page), actor->argument) ?
	   errno : 0)

static ACT(act_set_interval, lock_set_interval(actor->fd, actor->argument))
static ACT(act_set_policy, lock_set_policy(actor->fd, "fifo"))

static int act_get_settings(struct actor *actor)
{
	struct gil_policy policy;

	return lock_ioctl(actor->fd, GIL_IOC_GET_INTERVAL, &actor->answer) ?:
		lock_ioctl(actor->fd, GIL_IOC_GET_POLICY, &policy);
}

static int act_thread_stats(struct actor *actor)
{
	struct gil_thread_stats stats;

	return thread_stats(actor->fd, actor->argument, &stats);
}

FIXTURE(users)
{
	int global;
	__u32 id;
	struct actor *nobody;
};

FIXTURE_SETUP(users)
{
	struct stat st;

	if (getuid())
		SKIP(return, "only root can become two users");
	ASSERT_EQ(0, stat(GIL_DEVICE, &st));
	if ((st.st_mode & 0006) != 0006)
		SKIP(return, "the device is not for everybody: mode %o",
		     st.st_mode & 07777);
	self->global = ASSERT_FD(lock_open_settled());
	ASSERT_EQ(0, lock_attach(self->global, &self->id));
	self->nobody = actors_new(1);
	ASSERT_NE(NULL, self->nobody);
	ASSERT_EQ(0, actor_start_unattached(self->nobody, ACTOR_PROCESS, -1));
	ASSERT_EQ(0, actor_do(self->nobody, act_become_nobody));
}

NO_TEARDOWN(users)

TEST_F_TIMEOUT(users, contend, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->nobody, act_open));
	ASSERT_EQ(0, lock_acquire(self->global, 0, 0));
	EXPECT_EQ(EBUSY, actor_do(self->nobody, act_try));
	ASSERT_EQ(EINPROGRESS, actor_do(self->nobody, act_enqueue));
	EXPECT_EQ(0, lock_release(self->global, 0));
	EXPECT_EQ(0, actor_do(self->nobody, act_acquire));
	EXPECT_EQ(EBUSY, lock_acquire(self->global, GIL_ACQUIRE_TRY, 0));
	EXPECT_EQ(self->nobody->id, lock_owner(self->global));
	actor_kill(self->nobody);
	EXPECT_EQ(EOWNERDEAD, lock_acquire(self->global, 0, 0));
	EXPECT_EQ(0, lock_release(self->global, 0));
}

/* A descriptor that is open for reading only looks at the lock, and no more. */
TEST_F(users, read_only)
{
	int fd = open(GIL_DEVICE, O_RDONLY | O_CLOEXEC), made;
	struct gil_create create = { 0 };
	struct gil_thread_stats thread;
	struct gil_lock_stats stats;
	struct gil_policy policy;
	__u64 ns;

	ASSERT_LE(0, fd);
	EXPECT_EQ(EBADF, lock_attach(fd, NULL));
	EXPECT_EQ(EBADF, lock_acquire(fd, 0, 0));
	EXPECT_EQ(EBADF, lock_release(fd, 0));
	EXPECT_EQ(EBADF, lock_yield(fd));
	EXPECT_EQ(EBADF, lock_cancel(fd));
	EXPECT_EQ(EBADF, lock_bind(fd, SLICED));
	EXPECT_EQ(EBADF, lock_unbind(fd));
	EXPECT_EQ(EBADF, lock_set_interval(fd, MS));
	EXPECT_EQ(EBADF, lock_set_grace(fd, MS));
	EXPECT_EQ(EBADF, lock_set_policy(fd, "fifo"));
	EXPECT_EQ(0, lock_stats(fd, &stats));
	EXPECT_EQ(0, thread_stats(fd, self->id, &thread));
	EXPECT_EQ(0, lock_ioctl(fd, GIL_IOC_GET_INTERVAL, &ns));
	EXPECT_EQ(0, lock_ioctl(fd, GIL_IOC_GET_GRACE, &ns));
	EXPECT_EQ(0, lock_ioctl(fd, GIL_IOC_GET_POLICY, &policy));
	EXPECT_EQ(ENOTTY, lock_ioctl(fd, _IO(GIL_IOC_MAGIC, 0xff), NULL));
	EXPECT_NE(NULL, lock_map(fd, PROT_READ));
	made = ioctl(fd, GIL_IOC_CREATE, &create);
	ASSERT_LE(0, made);
	EXPECT_EQ(0, lock_turn(made));
	close(made);
	close(fd);
}

TEST_F_TIMEOUT(users, global_page_is_read_only, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->nobody, act_open));
	self->nobody->argument = PROT_READ | PROT_WRITE;
	EXPECT_EQ(EPERM, actor_do(self->nobody, act_map));
	self->nobody->argument = PROT_READ;
	EXPECT_EQ(0, actor_do(self->nobody, act_map));
	self->nobody->argument = PROT_READ | PROT_WRITE;
	EXPECT_EQ(EACCES, actor_do(self->nobody, act_protect));
	/* Not even root may: only the kernel writes the page of the global lock. */
	EXPECT_EQ(NULL, lock_map(self->global, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EPERM, errno);
}

TEST_F_TIMEOUT(users, settings_of_the_global_lock, PATIENCE)
{
	struct gil_lock_stats before, after;

	ASSERT_EQ(0, actor_do(self->nobody, act_open));
	ASSERT_EQ(0, lock_stats(self->global, &before));
	self->nobody->argument = 12345678;
	EXPECT_EQ(EPERM, actor_do(self->nobody, act_set_interval));
	EXPECT_EQ(EPERM, actor_do(self->nobody, act_set_policy));
	EXPECT_EQ(0, actor_do(self->nobody, act_get_settings));
	EXPECT_EQ(before.interval_ns, self->nobody->answer);
	EXPECT_EQ(0, lock_stats(self->global, &after));
	EXPECT_EQ(before.interval_ns, after.interval_ns);
	EXPECT_STREQ(before.policy, after.policy);
}

TEST_F_TIMEOUT(users, root_sets_the_global_lock, PATIENCE)
{
	__u64 was, now = 12345678;

	ASSERT_EQ(0, lock_ioctl(self->global, GIL_IOC_GET_INTERVAL, &was));
	EXPECT_EQ(0, lock_set_interval(self->global, now));
	ASSERT_EQ(0, actor_do(self->nobody, act_open));
	EXPECT_EQ(0, actor_do(self->nobody, act_get_settings));
	EXPECT_EQ(now, self->nobody->answer);
	EXPECT_EQ(0, lock_set_interval(self->global, was));
	EXPECT_EQ(0, lock_set_policy(self->global, "fifo"));
}

TEST_F_TIMEOUT(users, figures_of_other_users, PATIENCE)
{
	struct gil_thread_stats stats;

	ASSERT_EQ(0, actor_do(self->nobody, act_open));
	self->nobody->argument = self->id;
	EXPECT_EQ(EPERM, actor_do(self->nobody, act_thread_stats));
	self->nobody->argument = 0;
	EXPECT_EQ(0, actor_do(self->nobody, act_thread_stats));
	self->nobody->argument = self->nobody->id;
	EXPECT_EQ(0, actor_do(self->nobody, act_thread_stats));
	self->nobody->argument = GIL_WORD_ID_MASK;
	EXPECT_EQ(ENOENT, actor_do(self->nobody, act_thread_stats));
	EXPECT_EQ(0, thread_stats(self->global, self->nobody->id, &stats));
}

TEST_F_TIMEOUT(users, private_locks, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->nobody, act_create));
	self->nobody->argument = 12345678;
	EXPECT_EQ(0, actor_do(self->nobody, act_set_interval));
	EXPECT_EQ(0, actor_do(self->nobody, act_get_settings));
	EXPECT_EQ(12345678, self->nobody->answer);
	EXPECT_EQ(0, actor_do(self->nobody, act_set_policy));
	self->nobody->argument = PROT_READ | PROT_WRITE;
	EXPECT_EQ(0, actor_do(self->nobody, act_map));
	EXPECT_EQ(0, actor_do(self->nobody, act_fast_acquire));
	EXPECT_EQ(EDEADLK, actor_do(self->nobody, act_acquire));
	EXPECT_EQ(0, actor_do(self->nobody, act_release));
}

GIL_TEST_MAIN
