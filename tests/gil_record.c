// SPDX-License-Identifier: GPL-2.0
/* The records of a lock that keeps them: one for each context that ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "main.h"
#include "actor.h"
#include "process.h"

#define COUNT	5

FIXTURE(record)
{
	int fd;
	struct actor *actors;
};

FIXTURE_SETUP(record)
{
	const struct gil_create create = { .flags = GIL_CREATE_RECORD };

	self->actors = actors_new(COUNT);
	ASSERT_NE(NULL, self->actors);
	self->fd = ASSERT_FD(lock_create_with(&create));
}

NO_TEARDOWN(record)

static short poll_now(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, 0) < 0 ? -1 : poll_fd.revents;
}

static int set_nonblocking(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

TEST_F(record, nobody_ever)
{
	struct gil_record record;

	EXPECT_EQ(0, read(self->fd, &record, sizeof(record)));
	EXPECT_TRUE(poll_now(self->fd, POLLPRI) & POLLHUP);
}

TEST_F(record, short_buffer)
{
	struct gil_record record;

	EXPECT_EQ(-1, read(self->fd, &record, sizeof(record) - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(self->fd, &record, 0));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(record, a_lock_that_keeps_none)
{
	struct gil_record record;
	int fd = ASSERT_FD(lock_create(0)), global = ASSERT_FD(lock_open());

	EXPECT_EQ(-1, read(fd, &record, sizeof(record)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(global, &record, sizeof(record)));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(record, unknown_create_flags)
{
	const struct gil_create create = { .flags = GIL_CREATE_RECORD << 1 };

	EXPECT_EQ(-EINVAL, lock_create_with(&create));
}

TEST_F_TIMEOUT(record, none_yet, PATIENCE)
{
	struct gil_record record;

	ASSERT_EQ(0, actor_start(&self->actors[0], ACTOR_THREAD, self->fd));
	ASSERT_EQ(0, set_nonblocking(self->fd));
	EXPECT_EQ(-1, read(self->fd, &record, sizeof(record)));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, poll_now(self->fd, POLLPRI));
	actor_stop(&self->actors[0]);
	ASSERT_TRUE(until_threads(self->fd, 0));
	/* A context is gone before its record is there. */
	ASSERT_TRUE(UNTIL(poll_now(self->fd, POLLPRI) & POLLPRI));
	EXPECT_EQ(sizeof(record), read(self->fd, &record, sizeof(record)));
	EXPECT_EQ(0, read(self->fd, &record, sizeof(record)));
}

/* Take as many turns as the argument says. */
static int act_turns(struct actor *actor)
{
	__u64 i;

	for (i = 0; i < actor->argument; i++)
		if (lock_turn(actor->fd))
			return EINVAL;
	return 0;
}

/* Each thread leaves one record, and they add up to the lock's figures. */
TEST_F_TIMEOUT(record, one_for_each, PATIENCE)
{
	struct gil_record records[COUNT + 1];
	struct gil_lock_stats stats;
	__u64 releases = 0;
	ssize_t n;
	int i, j;

	for (i = 0; i < COUNT; i++) {
		struct actor *actor = &self->actors[i];

		ASSERT_EQ(0, actor_start(actor, i % 2 ? ACTOR_PROCESS :
					 ACTOR_THREAD, self->fd));
		actor->argument = 3 + i;
		ASSERT_EQ(0, actor_do(actor, act_turns));
		actor_stop(actor);
	}
	ASSERT_TRUE(until_threads(self->fd, 0));
	n = read(self->fd, records, sizeof(records));
	ASSERT_EQ(COUNT * sizeof(records[0]), n);
	EXPECT_EQ(0, lock_stats(self->fd, &stats));
	for (i = 0; i < COUNT; i++) {
		struct actor *actor = NULL;

		EXPECT_EQ(sizeof(records[i]), records[i].size);
		EXPECT_EQ(0, records[i].lost);
		EXPECT_EQ(stats.lock, records[i].thread.lock);
		for (j = 0; j < COUNT; j++)
			if (self->actors[j].id == records[i].thread.id)
				actor = &self->actors[j];
		ASSERT_NE(NULL, actor);
		EXPECT_EQ(actor->argument,
			  records[i].thread.counts.slow_acquires);
		EXPECT_EQ(actor->tid, records[i].thread.tid);
		EXPECT_EQ(actor->kind == ACTOR_PROCESS ? actor->pid : getpid(),
			  records[i].thread.tgid);
		releases += records[i].thread.counts.releases;
	}
	EXPECT_EQ(stats.counts.releases, releases);
	EXPECT_EQ(0, read(self->fd, records, sizeof(records)));
	EXPECT_TRUE(poll_now(self->fd, POLLPRI) & POLLHUP);
}

/* A read returns as many records as fit, and the next read the rest. */
TEST_F_TIMEOUT(record, two_at_a_time, PATIENCE)
{
	struct gil_record records[3];
	size_t two = 2 * sizeof(records[0]);
	int i;

	ASSERT_EQ(0, actors_start(self->actors, COUNT, ACTOR_THREAD,
				  self->fd));
	for (i = 0; i < COUNT; i++)
		actor_stop(&self->actors[i]);
	ASSERT_TRUE(until_threads(self->fd, 0));
	for (i = 0; i < COUNT / 2; i++)
		EXPECT_EQ(two, read(self->fd, records, two + 7));
	EXPECT_EQ(sizeof(records[0]),
		  read(self->fd, records, two));
	EXPECT_EQ(0, read(self->fd, records, two));
}

/* Volatile, so that the compiler does not see a bad pointer. */
static void *volatile nowhere = (void *)8;

/* A read into a bad buffer loses no record. */
TEST_F_TIMEOUT(record, bad_pointer, PATIENCE)
{
	struct gil_record record;

	ASSERT_EQ(0, actor_start(&self->actors[0], ACTOR_THREAD, self->fd));
	actor_stop(&self->actors[0]);
	ASSERT_TRUE(until_threads(self->fd, 0));
	EXPECT_EQ(-1, read(self->fd, nowhere, sizeof(record)));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(sizeof(record), read(self->fd, &record, sizeof(record)));
	EXPECT_EQ(self->actors[0].id, record.thread.id);
}

static int act_read(struct actor *actor)
{
	struct gil_record record;
	ssize_t n = read(actor->fd, &record, sizeof(record));

	actor->answer = record.thread.id;
	return n == sizeof(record) ? 0 : n ? errno : ENODATA;
}

/* The reader is not attached itself, so it waits for the other thread. */
TEST_F_TIMEOUT(record, waits, PATIENCE)
{
	struct actor *reader = &self->actors[0], *other = &self->actors[1];

	ASSERT_EQ(0, count_signal(SIGUSR1, 0));
	ASSERT_EQ(0, actor_start(other, ACTOR_THREAD, self->fd));
	ASSERT_EQ(0, actor_start_unattached(reader, ACTOR_THREAD, self->fd));
	actor_begin(reader, act_read);
	/* Signal again and again, because it may not be in read() yet. */
	while (!actor_ended(reader)) {
		actor_signal(reader, SIGUSR1);
		usleep(1000);
	}
	EXPECT_EQ(EINTR, actor_end(reader));
	actor_begin(reader, act_read);
	usleep(10000);
	EXPECT_FALSE(actor_ended(reader));
	actor_stop(other);
	EXPECT_EQ(0, actor_end(reader));
	EXPECT_EQ(other->id, reader->answer);
	EXPECT_EQ(ENODATA, actor_do(reader, act_read));
}

static void *attach_only(void *arg)
{
	return lock_attach(*(int *)arg, NULL) ? arg : NULL;
}

/* Let so many threads attach and end, one after the other. */
static bool leave_records(int fd, int count)
{
	void *failed = NULL;
	pthread_attr_t attr;
	pthread_t thread;
	int i, err = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 0; i < count && !err && !failed; i++)
		err = pthread_create(&thread, &attr, attach_only, &fd) ?:
			pthread_join(thread, &failed);
	return !err && !failed && until_threads(fd, 0);
}

/* The newest records are lost, and the next one says how many. */
TEST_F_TIMEOUT(record, too_many, 2 * PATIENCE)
{
	const int lost = 3;
	struct gil_record record;
	int i;

	ASSERT_TRUE(leave_records(self->fd, GIL_RECORDS_MAX + lost));
	EXPECT_EQ(sizeof(record), read(self->fd, &record, sizeof(record)));
	EXPECT_EQ(0, record.lost);
	ASSERT_TRUE(leave_records(self->fd, 1));
	for (i = 1; i < GIL_RECORDS_MAX; i++) {
		ASSERT_EQ(sizeof(record),
			  read(self->fd, &record, sizeof(record)));
		ASSERT_EQ(0, record.lost);
	}
	EXPECT_EQ(sizeof(record), read(self->fd, &record, sizeof(record)));
	EXPECT_EQ(lost, record.lost);
	EXPECT_EQ(0, read(self->fd, &record, sizeof(record)));
}

/* If no record comes after those that were lost, one without a thread does. */
TEST_F_TIMEOUT(record, the_last_are_lost, 2 * PATIENCE)
{
	const size_t size = offsetof(struct gil_record, thread);
	struct gil_record record;
	int i;

	ASSERT_TRUE(leave_records(self->fd, GIL_RECORDS_MAX + 2));
	for (i = 0; i < GIL_RECORDS_MAX; i++)
		ASSERT_EQ(sizeof(record),
			  read(self->fd, &record, sizeof(record)));
	EXPECT_EQ(POLLPRI, poll_now(self->fd, POLLPRI));
	EXPECT_EQ(-1, read(self->fd, nowhere, sizeof(record)));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(size, read(self->fd, &record, sizeof(record)));
	EXPECT_EQ(size, record.size);
	EXPECT_EQ(2, record.lost);
	EXPECT_TRUE(poll_now(self->fd, POLLPRI) & POLLHUP);
	EXPECT_EQ(0, read(self->fd, &record, sizeof(record)));
}

static void *attach_and_exec(void *arg)
{
	int fd = *(int *)arg;

	fcntl(fd, F_SETFD, 0);
	if (!lock_attach(fd, NULL))
		execl("/bin/true", "true", NULL);
	return NULL;
}

/* An exec gives its thread the id of the process. */
TEST_F_TIMEOUT(record, exec_by_another_thread, PATIENCE)
{
	struct gil_record record;
	pthread_t thread;
	pid_t child = ASSERT_CHILD(fork_with_parent());

	if (!child) {
		pthread_create(&thread, NULL, attach_and_exec, &self->fd);
		pthread_join(thread, NULL);
		_exit(1);
	}
	EXPECT_EQ(0, child_status(child));
	EXPECT_EQ(sizeof(record), read(self->fd, &record, sizeof(record)));
	EXPECT_EQ(child, record.thread.tgid);
	EXPECT_EQ(child, record.thread.tid);
}

GIL_TEST_MAIN
