// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines on CLOCK_MONOTONIC: past and future ones, and a deadline that passes
 * at the moment of the grant.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"
#include "process.h"
#include "stage.h"

STAGE_FIXTURE(deadline)

FIXTURE_SETUP(deadline)
{
	ASSERT_EQ(0, stage_set(&self->stage, 1, ACTOR_THREAD,
			       GIL_INTERVAL_MAX_NS));
	self->a->flags = GIL_ACQUIRE_DEADLINE;
}

TEST_F_TIMEOUT(deadline, past, PATIENCE)
{
	static const __u64 past[] = { 0, 1, 1000000 };
	unsigned int i;

	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	for (i = 0; i < ARRAY_SIZE(past); i++) {
		self->a->deadline_ns = past[i];
		EXPECT_EQ(ETIMEDOUT, actor_do(self->a, act_acquire));
		EXPECT_STATE(self->a->id, IDLE);
	}
	EXPECT_EQ(ARRAY_SIZE(past), lock_counts(self->fd).timeouts);
	EXPECT_EQ(0, lock_waiting(self->fd));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	/* A free lock can be acquired after any deadline. */
	for (i = 0; i < ARRAY_SIZE(past); i++) {
		self->a->deadline_ns = past[i];
		EXPECT_EQ(0, actor_do(self->a, act_turn));
	}
}

TEST_F_TIMEOUT(deadline, never_early, PATIENCE)
{
	int i;

	ASSERT_EQ(0, actor_do(self->a, act_attach));
	self->a->flags = 0;
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	for (i = 0; i < 20; i++) {
		__u64 deadline = now_ns() + i * 100000;

		EXPECT_EQ(ETIMEDOUT, lock_acquire(self->fd,
						  GIL_ACQUIRE_DEADLINE,
						  deadline));
		EXPECT_LE(deadline, now_ns());
	}
}

TEST_F_TIMEOUT(deadline, far_away, PATIENCE)
{
	static const __u64 far[] = {
		1ULL << 62, (1ULL << 63) - 1, 1ULL << 63, ~0ULL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(far); i++) {
		ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
		self->a->deadline_ns = far[i];
		ASSERT_TRUE(actor_queue(self->a));
		EXPECT_EQ(0, lock_release(self->fd, 0));
		EXPECT_EQ(0, actor_end_turn(self->a));
	}
}

/* Whichever wins, the result of the call agrees with who owns the lock. */
TEST_F_TIMEOUT(deadline, race_with_the_grant, PATIENCE)
{
	int granted = 0, late = 0, i;
	unsigned int seed = 1;

	for (i = 0; i < 400; i++) {
		ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
		self->a->deadline_ns = now_ns() + 200000 +
				       rand_r(&seed) % 200000;
		actor_begin(self->a, act_acquire);
		spin_until(self->a->deadline_ns);
		ASSERT_EQ(0, lock_release(self->fd, 0));
		switch (actor_end(self->a)) {
		case 0:
			granted++;
			ASSERT_EQ(self->a->id, lock_owner(self->fd));
			ASSERT_EQ(0, actor_do(self->a, act_release));
			break;
		case ETIMEDOUT:
			late++;
			ASSERT_EQ(EPERM, actor_do(self->a, act_release));
			break;
		default:
			ASSERT_EQ(0, self->a->result);
		}
		ASSERT_EQ(0, lock_owner(self->fd));
		ASSERT_EQ(0, lock_waiting(self->fd));
	}
	TH_LOG("%d granted, %d too late", granted, late);
}

/* The column now_ns of the first lock, or 0. */
static __u64 table_now_ns(void)
{
	FILE *file = fopen("/sys/kernel/debug/gil/locks", "re");
	char names[2048], values[2048], *name, *value, *n, *v;
	__u64 ns = 0;

	if (!file)
		return 0;
	if (fgets(names, sizeof(names), file) &&
	    fgets(values, sizeof(values), file)) {
		name = strtok_r(names, "\n ", &n);
		value = strtok_r(values, "\n ", &v);
		while (name && value && strcmp(name, "now_ns")) {
			name = strtok_r(NULL, "\n ", &n);
			value = strtok_r(NULL, "\n ", &v);
		}
		ns = name && value ? strtoull(value, NULL, 10) : 0;
	}
	fclose(file);
	return ns;
}

/* In a child with its clock: 0 if deadlines and tables agree with the clock. */
static int try_the_clock(int fd)
{
	__u64 start = now_ns(), shown;

	/* Before the fix, the deadline would have been 1000 s away. */
	alarm(LIMIT_NS / 1000000000);
	if (lock_acquire(fd, GIL_ACQUIRE_DEADLINE, start + 50 * MS) !=
	    ETIMEDOUT)
		return 1;
	if (now_ns() < start + 50 * MS)
		return 2;
	if (lock_acquire(fd, GIL_ACQUIRE_DEADLINE, 0) != ETIMEDOUT)
		return 3;
	start = now_ns();
	shown = table_now_ns();
	return shown < start || shown > now_ns() ? 4 : 0;
}

static int try_shifted_clock(int fd, const char *shift)
{
	int offsets;
	pid_t child;

	if (unshare(CLONE_NEWTIME))
		return -1;
	offsets = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (write(offsets, shift, strlen(shift)) != (ssize_t)strlen(shift))
		return -1;
	/* Only children are in the new namespace. */
	child = fork_with_parent();
	if (!child)
		_exit(try_the_clock(fd));
	return child_status(child);
}

TEST_F_TIMEOUT(deadline, in_a_time_namespace, PATIENCE)
{
	static const char *const shifts[] = {
		"monotonic 1000 0", "monotonic -1 0",
	};
	unsigned int i;
	pid_t child;

	if (geteuid() || access("/proc/self/ns/time", F_OK))
		SKIP(return, "only root can make a time namespace");
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	for (i = 0; i < ARRAY_SIZE(shifts); i++) {
		child = ASSERT_CHILD(fork_with_parent());
		if (!child)
			_exit(try_shifted_clock(self->fd, shifts[i]));
		EXPECT_EQ(0, child_status(child)) TH_LOG("%s", shifts[i]);
	}
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

GIL_TEST_MAIN
