// SPDX-License-Identifier: GPL-2.0
/*
 * What a bound thread closes is closed at once, even if the thread has to wait
 * for the lock on its way to user mode. A thread that owns the lock, and is not
 * bound, waits for that close.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "main.h"
#include "process.h"
#include "stage.h"

/* So many descriptors that the owner is asked while it closes them. */
#define MANY	20000
/* Rounds that show something, and how often they are tried for. */
#define ROUNDS	6
#define ROUNDS_MAX	30

FIXTURE(closes)
{
	STAGE;
	int ends[2];
};

FIXTURE_VARIANT(closes)
{
	/* Make two ends, of which the child closes the second. 0, or an errno. */
	int (*make)(int ends[2]);
	/* Is the second end closed, as the owner of the first end sees it? */
	bool (*closed)(int end);
};

static int make_pipe(int ends[2])
{
	return pipe2(ends, O_CLOEXEC) ? errno : 0;
}

static int make_socket(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ?
		errno : 0;
}

static int make_flock(int ends[2])
{
	char name[] = "/tmp/gil-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		return errno;
	ends[0] = fd;
	ends[1] = open(name, O_RDWR | O_CLOEXEC);
	unlink(name);
	return ends[1] < 0 || flock(ends[1], LOCK_EX) ? errno : 0;
}

static bool is_hung_up(int end)
{
	struct pollfd poll_fd = { .fd = end };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLHUP;
}

static bool is_unlocked(int end)
{
	return !flock(end, LOCK_EX | LOCK_NB);
}

FIXTURE_VARIANT_ADD(closes, pipe) { make_pipe, is_hung_up };
FIXTURE_VARIANT_ADD(closes, socket) { make_socket, is_hung_up };
FIXTURE_VARIANT_ADD(closes, flock) { make_flock, is_unlocked };

FIXTURE_SETUP(closes)
{
	struct rlimit limit = { MANY + 100, MANY + 100 };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		SKIP(return, "only root may open so many files");
	ASSERT_EQ(0, stage_set(&self->stage, 0, ACTOR_THREAD, MS));
}

NO_TEARDOWN(closes)

/*
 * Close the end and many more descriptors in one system call, which the kernel
 * finishes on the way to user mode. exec closes in the same way.
 */
static void close_bound(int fd, int end)
{
	int i, bad = 0;

	for (i = 0; i < MANY && !bad; i++)
		bad = dup(fd) < 0;
	bad = bad || lock_bind(fd, SLICED);
	while (!bad && !lock_waiting(fd))
		;
	_exit(bad || close_range(end, ~0U, 0));
}

/* Has a process that waits for the lock begun to close this descriptor? */
static bool has_begun_to_close(pid_t child, int end)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/fd/%d", child, end);
	return access(name, F_OK);
}

/*
 * The timer asks the child at a different time in each round: while it still
 * closes descriptors, and before and after that. If the child has not run for
 * long, the timer asks it before it even begins to close. Such a round shows
 * nothing, so there is another one.
 */
TEST_F_TIMEOUT(closes, while_its_thread_waits, PATIENCE)
{
	int i, err, shown = 0;
	bool closed = true;
	pid_t child;

	for (i = 0; i < ROUNDS_MAX && shown < ROUNDS && closed; i++) {
		ASSERT_EQ(0, lock_set_interval(self->fd,
					       (2 + 2 * shown) * MS));
		ASSERT_EQ(0, variant->make(self->ends));
		child = ASSERT_CHILD(fork_with_parent());
		if (!child)
			close_bound(self->fd, self->ends[1]);
		close(self->ends[1]);
		ASSERT_TRUE(until_bound(self->fd, 1));
		err = lock_acquire(self->fd, 0, 0);
		EXPECT_TRUE(!err || err == EOWNERDEAD);
		/* The child is still there, because it must wait for the lock. */
		if (has_begun_to_close(child, self->ends[1])) {
			shown++;
			closed = UNTIL(variant->closed(self->ends[0]));
			EXPECT_TRUE(closed) TH_LOG("in round %d", i);
			EXPECT_EQ(0, lock_release(self->fd, 0));
			EXPECT_EQ(0, child_status(child));
		} else {
			kill(child, SIGKILL);
			EXPECT_EQ(-1, child_status(child));
			EXPECT_EQ(0, lock_release(self->fd, 0));
		}
		close(self->ends[0]);
	}
	EXPECT_LT(0, shown);
}

GIL_BOUND_TEST_MAIN
