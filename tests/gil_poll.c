// SPDX-License-Identifier: GPL-2.0
/*
 * An event loop waits for the lock: poll() and epoll say that it is readable for
 * the thread whose queued request has been granted, and for no other.
 */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

#include "main.h"
#include "stage.h"

#define LIMIT_MS	((int)(LIMIT_NS / MS))

STAGE_FIXTURE(polled)

BOTH_KINDS(polled);

STAGE_SETUP(polled, 2, variant->kind, GIL_INTERVAL_MAX_NS)

/* The events that poll() reports, after at most so many ms. */
static int poll_events(int fd, int timeout_ms)
{
	struct pollfd pollfd = {
		.fd = fd,
		.events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP,
	};

	if (poll(&pollfd, 1, timeout_ms) < 0)
		return -errno;
	return pollfd.revents;
}

static ACT(act_poll_now, poll_events(actor->fd, 0))
static ACT(act_poll, poll_events(actor->fd, LIMIT_MS))

/* Each actor has its own epoll set, which it keeps in actor->answer. */
static int act_epoll_register(struct actor *actor)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	if (epfd < 0 || epoll_ctl(epfd, EPOLL_CTL_ADD, actor->fd, &event))
		return errno;
	actor->answer = epfd;
	return 0;
}

/* The events that epoll reports, after at most so many ms; 0: none. */
static int epoll_events(int epfd, int timeout_ms)
{
	struct epoll_event event;
	int n = epoll_wait(epfd, &event, 1, timeout_ms);

	return n == 1 ? (int)event.events : n;
}

static ACT(act_epoll_now, epoll_events(actor->answer, 0))
static ACT(act_epoll_wait, epoll_events(actor->answer, LIMIT_MS))

#define EXPECT_READABLE(events) EXPECT_EQ(POLLIN, (events) & POLLIN)
#define EXPECT_NOTHING(events) EXPECT_EQ(0, (events) & POLLIN)

TEST_F_TIMEOUT(polled, not_readable_unless_granted, PATIENCE)
{
	/* For an idle thread, and for an owner that has taken its grant. */
	EXPECT_NOTHING(actor_do(self->a, act_poll_now));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_NOTHING(poll_events(self->fd, 0));
	EXPECT_NOTHING(actor_do(self->a, act_poll_now));
	EXPECT_EQ(EINPROGRESS, actor_do(self->a, act_enqueue));
	EXPECT_NOTHING(actor_do(self->a, act_poll_now));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_READABLE(actor_do(self->a, act_poll_now));
	EXPECT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_NOTHING(actor_do(self->a, act_poll_now));
	EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_NOTHING(actor_do(self->a, act_poll_now));
}

TEST_F_TIMEOUT(polled, readable_for_the_granted_only, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 2));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_READABLE(actor_do(self->a, act_poll_now));
	EXPECT_NOTHING(actor_do(self->b, act_poll_now));
	EXPECT_NOTHING(poll_events(self->fd, 0));
	EXPECT_EQ(0, actor_do(self->a, act_cancel));
	EXPECT_NOTHING(actor_do(self->a, act_poll_now));
	EXPECT_READABLE(actor_do(self->b, act_poll_now));
}

TEST_F_TIMEOUT(polled, woken_by_the_grant, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	actor_begin(self->a, act_poll);
	EXPECT_FALSE(actor_ended(self->a));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_READABLE(actor_end(self->a));
	EXPECT_EQ(0, actor_do(self->a, act_acquire));
}

TEST_F_TIMEOUT(polled, all_poll_and_each_has_its_turn, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 2));
	actor_begin(self->b, act_poll);
	actor_begin(self->a, act_poll);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_READABLE(actor_end(self->a));
	EXPECT_FALSE(actor_ended(self->b));
	EXPECT_EQ(0, actor_do(self->a, act_turn));
	EXPECT_READABLE(actor_end(self->b));
	EXPECT_EQ(0, actor_do(self->b, act_turn));
}

TEST_F_TIMEOUT(polled, epoll_registered_before_the_request, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_EQ(0, actor_do(self->a, act_epoll_register));
	EXPECT_EQ(0, actor_do(self->a, act_epoll_now));
	EXPECT_EQ(EINPROGRESS, actor_do(self->a, act_enqueue));
	EXPECT_EQ(0, actor_do(self->a, act_epoll_now));
	actor_begin(self->a, act_epoll_wait);
	EXPECT_FALSE(actor_ended(self->a));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_READABLE(actor_end(self->a));
	/* It is level triggered: readable until the grant has been taken. */
	EXPECT_READABLE(actor_do(self->a, act_epoll_now));
	EXPECT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_EQ(0, actor_do(self->a, act_epoll_now));
}

TEST_F_TIMEOUT(polled, epoll_registered_after_the_grant, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	ASSERT_EQ(0, actor_do(self->a, act_epoll_register));
	EXPECT_READABLE(actor_do(self->a, act_epoll_now));
	EXPECT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_EQ(0, actor_do(self->a, act_epoll_now));
}

TEST_F_TIMEOUT(polled, told_of_a_death_after_polling, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->b, act_acquire));
	EXPECT_EQ(EINPROGRESS, actor_do(self->a, act_enqueue));
	actor_begin(self->a, act_poll);
	actor_stop(self->b);
	EXPECT_READABLE(actor_end(self->a));
	EXPECT_EQ(EOWNERDEAD, actor_do(self->a, act_acquire));
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

GIL_TEST_MAIN
