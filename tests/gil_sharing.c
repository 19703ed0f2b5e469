// SPDX-License-Identifier: GPL-2.0
/*
 * How a lock is shared and left: fork, exec, dup, SCM_RIGHTS, two openings of
 * the global lock, closing while waiting, and the last close.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "main.h"
#include "process.h"
#include "stage.h"

/* Only the tests of the global lock use it, and they leave it free. */
STAGE_FIXTURE(sharing)

FIXTURE_SETUP(sharing)
{
	int global = ASSERT_FD(lock_open_settled());

	close(global);
	ASSERT_EQ(0, stage_open(&self->stage, 2, GIL_INTERVAL_MAX_NS));
	ASSERT_EQ(0, lock_attach(self->fd, &self->id));
}

TEST_F_TIMEOUT(sharing, fork_does_not_inherit_ownership, PATIENCE)
{
	pid_t child;

	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	child = ASSERT_CHILD(fork());
	if (!child) {
		__u32 id = 0;

		if (lock_release(self->fd, 0) != EPERM)
			_exit(1);
		if (lock_acquire(self->fd, GIL_ACQUIRE_TRY, 0) != EBUSY)
			_exit(2);
		if (lock_attach(self->fd, &id) || id == self->id)
			_exit(3);
		_exit(0);
	}
	EXPECT_EQ(0, child_status(child));
	/* The child's exit took nothing from its parent. */
	EXPECT_EQ(self->id, lock_owner(self->fd));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, lock_acquire(self->fd, 0, 0));
}

TEST_F_TIMEOUT(sharing, dup_is_the_same, PATIENCE)
{
	__u32 id;
	int fd;

	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	fd = ASSERT_FD(dup(self->fd));
	EXPECT_EQ(0, lock_attach(fd, &id));
	EXPECT_EQ(self->id, id);
	EXPECT_EQ(EDEADLK, lock_acquire(fd, 0, 0));
	close(self->fd);
	self->fd = fd;
	EXPECT_EQ(self->id, lock_owner(fd));
	EXPECT_EQ(0, lock_release(fd, 0));
}

/* Send a descriptor, or receive one into @fd. 0, or an errno. */
static int pass_fd(int socket, int *fd, bool receive)
{
	char byte = 0, control[CMSG_SPACE(sizeof(*fd))] = "";
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	if (receive) {
		if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) != 1)
			return errno;
		memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(*fd));
		return 0;
	}
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(*fd));
	memcpy(CMSG_DATA(cmsg), fd, sizeof(*fd));
	return sendmsg(socket, &msg, 0) == 1 ? 0 : errno;
}

static ACT(act_receive, pass_fd(actor->argument, &actor->fd, true))

TEST_F_TIMEOUT(sharing, scm_rights, PATIENCE)
{
	int sockets[2], fd;
	__u32 id;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	self->a->argument = sockets[1];
	/* It starts before the lock exists, so it inherits no descriptor. */
	ASSERT_EQ(0, actor_start_unattached(self->a, ACTOR_PROCESS, -1));
	fd = ASSERT_FD(lock_create(0));
	ASSERT_EQ(0, pass_fd(sockets[0], &fd, false));
	ASSERT_EQ(0, actor_do(self->a, act_receive));
	ASSERT_EQ(0, actor_do(self->a, act_attach));
	ASSERT_EQ(0, lock_attach(fd, &id));
	EXPECT_NE(id, self->a->id);
	EXPECT_EQ(2, lock_threads(fd));
	EXPECT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_EQ(self->a->id, lock_owner(fd));
	EXPECT_EQ(EBUSY, lock_acquire(fd, GIL_ACQUIRE_TRY, 0));
	/* The lock stays when the sender closes its descriptor. */
	close(fd);
	EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_EQ(0, actor_do(self->a, act_acquire));
	actor_stop(self->a);
}

static ACT(act_close, close(actor->fd) ? errno : 0)

static int act_open(struct actor *actor)
{
	actor->fd = lock_open();
	return actor->fd < 0 ? -actor->fd : 0;
}

TEST_F_TIMEOUT(sharing, two_openings_are_one_lock, PATIENCE)
{
	struct gil_lock_stats stats;
	int one = ASSERT_FD(lock_open()), two = ASSERT_FD(lock_open());
	__u32 id_one, id_two;

	ASSERT_EQ(0, lock_attach(one, &id_one));
	ASSERT_EQ(0, lock_attach(two, &id_two));
	EXPECT_NE(id_one, id_two);
	ASSERT_EQ(0, lock_acquire(one, 0, 0));
	EXPECT_EQ(id_one, lock_owner(two));
	EXPECT_EQ(EPERM, lock_release(two, 0));
	/* It would wait for itself otherwise. */
	EXPECT_EQ(EDEADLK, lock_acquire(two, 0, 0));
	EXPECT_EQ(0, lock_release(one, 0));
	EXPECT_EQ(0, lock_acquire(two, 0, 0));
	EXPECT_EQ(id_two, lock_owner(one));
	EXPECT_EQ(0, lock_release(two, 0));
	EXPECT_EQ(0, lock_stats(one, &stats));
	EXPECT_EQ(0, stats.lock);
}

TEST_F_TIMEOUT(sharing, unrelated_processes, PATIENCE)
{
	ASSERT_EQ(0, actor_start_unattached(self->a, ACTOR_PROCESS, -1));
	ASSERT_EQ(0, actor_start_unattached(self->b, ACTOR_PROCESS, -1));
	ASSERT_EQ(0, actor_do(self->a, act_open));
	ASSERT_EQ(0, actor_do(self->b, act_open));
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_EQ(EBUSY, actor_do(self->b, act_try));
	EXPECT_EQ(EINPROGRESS, actor_do(self->b, act_enqueue));
	EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_EQ(0, actor_do(self->b, act_acquire));
	EXPECT_EQ(EBUSY, actor_do(self->a, act_try));
	actor_kill(self->b);
	EXPECT_EQ(EOWNERDEAD, actor_do(self->a, act_acquire));
	EXPECT_EQ(0, actor_do(self->a, act_release));
	actor_stop(self->a);
}

TEST_F_TIMEOUT(sharing, last_close_of_an_owner, PATIENCE)
{
	int one = ASSERT_FD(lock_open()), two = ASSERT_FD(lock_open()), copy;

	ASSERT_EQ(0, lock_acquire(one, 0, 0));
	copy = ASSERT_FD(dup(one));
	close(one);
	EXPECT_NE(0, lock_owner(two));
	close(copy);
	EXPECT_EQ(0, lock_owner(two));
	EXPECT_EQ(EOWNERDEAD, lock_acquire(two, 0, 0));
	EXPECT_EQ(0, lock_release(two, 0));
	EXPECT_EQ(0, lock_turn(two));
}

TEST_F_TIMEOUT(sharing, last_close_of_one_in_the_queue, PATIENCE)
{
	int fd = ASSERT_FD(lock_open());

	ASSERT_EQ(0, lock_acquire(fd, 0, 0));
	ASSERT_EQ(0, actor_start_unattached(self->a, ACTOR_PROCESS, -1));
	ASSERT_EQ(0, actor_do(self->a, act_open));
	EXPECT_EQ(EINPROGRESS, actor_do(self->a, act_enqueue));
	EXPECT_EQ(1, lock_waiting(fd));
	EXPECT_EQ(0, actor_do(self->a, act_close));
	EXPECT_EQ(0, lock_waiting(fd));
	EXPECT_EQ(0, lock_release(fd, 0));
	EXPECT_EQ(0, lock_turn(fd));
}

/*
 * The call keeps the file open after close(). It waits on and gets the lock. As
 * it returns, the file is closed, and the lock loses its owner.
 */
TEST_F_TIMEOUT(sharing, close_while_waiting, PATIENCE)
{
	int keep = ASSERT_FD(lock_open()), fd = ASSERT_FD(lock_open());

	ASSERT_EQ(0, lock_acquire(keep, 0, 0));
	ASSERT_EQ(0, actor_start(self->a, ACTOR_THREAD, fd));
	actor_begin(self->a, act_acquire);
	ASSERT_TRUE(until_state(keep, self->a->id, GIL_STATE_QUEUED));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(1, lock_waiting(keep));
	EXPECT_EQ(0, lock_release(keep, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(EOWNERDEAD, lock_acquire(keep, 0, 0));
	EXPECT_EQ(0, lock_release(keep, 0));
}

TEST_F_TIMEOUT(sharing, close_while_polling, PATIENCE)
{
	struct pollfd pollfd = { .fd = dup(self->fd), .events = POLLIN };

	ASSERT_LE(0, pollfd.fd);
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	close(pollfd.fd);
	EXPECT_EQ(1, poll(&pollfd, 1, 0));
	EXPECT_EQ(POLLNVAL, pollfd.revents);
}

/* In the new program: does it own the lock behind the descriptor? */
static int after_exec(int fd)
{
	if (fcntl(fd, F_GETFD) < 0)
		return 10;
	if (thread_state(fd, 0) != GIL_STATE_OWNER)
		return 11;
	if (lock_acquire(fd, 0, 0) != EDEADLK)
		return 12;
	return lock_release(fd, 0) ? 13 : 0;
}

static int act_exec(struct actor *actor)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", actor->fd);
	if (!actor->argument)
		fcntl(actor->fd, F_SETFD, 0);
	execl("/proc/self/exe", "gil_sharing", "--after-exec", number, NULL);
	return errno;
}

TEST_F_TIMEOUT(sharing, exec_keeps_ownership, PATIENCE)
{
	ASSERT_EQ(0, actor_start(self->a, ACTOR_PROCESS, self->fd));
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	actor_begin(self->a, act_exec);
	EXPECT_EQ(0, child_status(self->a->pid));
	/* The new program has released the lock. */
	EXPECT_EQ(0, lock_turn(self->fd));
}

/* exec() closes the only descriptor of the file; the process goes on. */
TEST_F_TIMEOUT(sharing, exec_closes, PATIENCE)
{
	int fd = ASSERT_FD(lock_open());

	self->a->argument = true;
	ASSERT_EQ(0, actor_start_unattached(self->a, ACTOR_PROCESS, -1));
	ASSERT_EQ(0, actor_do(self->a, act_open));
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	actor_begin(self->a, act_exec);
	EXPECT_EQ(EOWNERDEAD, lock_acquire(fd, 0, 0));
	EXPECT_EQ(0, lock_release(fd, 0));
	EXPECT_EQ(10, child_status(self->a->pid));
}

/* The test has the file open too, so the thread owns the lock until it ends. */
TEST_F_TIMEOUT(sharing, exec_closes_one_of_two, PATIENCE)
{
	self->a->argument = true;
	ASSERT_EQ(0, actor_start(self->a, ACTOR_PROCESS, self->fd));
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	actor_begin(self->a, act_exec);
	EXPECT_EQ(10, child_status(self->a->pid));
	EXPECT_EQ(EOWNERDEAD, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

/* The other threads die in exec(), and the next owner is told. */
TEST_F_TIMEOUT(sharing, exec_ends_other_threads, PATIENCE)
{
	pid_t child = ASSERT_CHILD(fork());

	if (!child) {
		if (actor_start(self->a, ACTOR_THREAD, self->fd) ||
		    actor_do(self->a, act_acquire))
			_exit(1);
		execl("/bin/true", "true", NULL);
		_exit(2);
	}
	EXPECT_EQ(0, child_status(child));
	EXPECT_EQ(EOWNERDEAD, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

TEST_F_TIMEOUT(sharing, page_outlives_the_descriptor, PATIENCE)
{
	int fd = ASSERT_FD(lock_create(0));
	struct gil_page *page;
	__u32 id;

	page = lock_map(fd, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, page);
	ASSERT_EQ(0, lock_attach(fd, &id));
	close(fd);
	EXPECT_EQ(GIL_UAPI_VERSION, page->version);
	EXPECT_TRUE(fast_acquire(page, id));
	EXPECT_TRUE(fast_release(page, id));
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--after-exec"))
		return after_exec(atoi(argv[2]));
	return gil_test_main(argc, argv);
}
