// SPDX-License-Identifier: GPL-2.0
/*
 * A bound thread ends in every way and in every state. Afterwards nothing of it
 * is left, and the other users of the lock, bound or not, can go on.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "main.h"
#include "process.h"
#include "stage.h"

/* In which state the victim is when it ends. */
enum place {
	OWNER,		/* in user mode, with the lock */
	COMING_BACK,	/* waiting for the lock on its way to user mode */
	OUTSIDE,	/* in user mode, without the lock */
	LAZY,		/* in user mode, and its lock stays put */
	STOPPED,
	IN_SYSCALL,	/* blocked */
	JUST_CLONED,	/* with a thread of its own that has not run yet */
	JUST_FORKED,	/* with a process of its own that has not run yet */
};

/* How it ends. */
enum end {
	/* Others end it, in whatever state it is. */
	KILLED,		/* SIGKILL */
	TERMINATED,	/* SIGTERM */
	GROUP_EXITS,	/* another thread of its process: exit_group() */
	GROUP_EXECS,	/* another thread of its process: execve() */
	GROUP_FAULTS,	/* another thread of its process: SIGSEGV, a core dump */
	/* It ends itself, in user mode. */
	EXITS,		/* pthread_exit() */
	EXITS_GROUP,
	EXECS,
	FAULTS,
	ENDS,
};

static const char *const end_names[] = {
	"SIGKILL", "SIGTERM", "exit_group() by another thread",
	"execve() by another thread", "SIGSEGV in another thread",
	"pthread_exit()", "exit_group()", "execve()", "SIGSEGV",
};

/* A process of two threads: the victim, and a thread that is not bound. */
struct cell {
	int fd;
	int pipe[2];
	enum place place;
	bool victim_is_main;
	volatile int order;	/* 1 + an end, for the victim */
	volatile int other_order;	/* the same, for the other thread */
	volatile bool there;
	volatile __u32 id;
	pid_t pid;
};

/* Volatile, so that the compiler does not see a bad pointer. */
static volatile uintptr_t nowhere = 8;

static void end_here(enum end end)
{
	switch (end) {
	case EXITS:
		pthread_exit(NULL);
	case GROUP_EXECS:
	case EXECS:
		execl("/bin/true", "true", NULL);
		_exit(1);
	case GROUP_FAULTS:
	case FAULTS:
		*(volatile char *)nowhere = 0;
		_exit(1);
	default:
		_exit(0);
	}
}

static void *run_on(void *arg)
{
	for (;;)
		;
	return arg;
}

/* The new task cannot run, because the victim does not let the lock go. */
static void start_another(struct cell *cell)
{
	pthread_t thread;

	if (cell->place == JUST_CLONED) {
		if (pthread_create(&thread, NULL, run_on, NULL))
			_exit(1);
	} else if (!fork_with_parent()) {
		/* It first runs once the parent has lost the lock. */
		/* The parent may be blocked in exec(), and wait for the lock. */
		spin_until(now_ns() + 20 * MS);
		_exit(0);
	}
}

static void take_place(struct cell *cell)
{
	char byte;

	switch (cell->place) {
	case COMING_BACK:
	case IN_SYSCALL:
		cell->there = true;
		while (read(cell->pipe[0], &byte, 1) != 1)
			;
		break;
	case OUTSIDE:
		lock_release(cell->fd, 0);
		break;
	case LAZY:
		while (!lock_waiting(cell->fd))
			;
		lock_release(cell->fd, GIL_RELEASE_LAZY);
		break;
	case JUST_CLONED:
	case JUST_FORKED:
		start_another(cell);
		break;
	default:
		break;
	}
	cell->there = true;
}

static void *victim(void *arg)
{
	struct cell *cell = arg;
	__u32 id = 0;

	if (lock_bind(cell->fd, GIL_BIND_IO | GIL_BIND_INHERIT) ||
	    lock_attach(cell->fd, &id))
		_exit(1);
	cell->id = id;
	take_place(cell);
	while (!cell->order)
		;
	end_here(cell->order - 1);
	return NULL;
}

static void *other(void *arg)
{
	struct cell *cell = arg;

	while (!cell->other_order)
		usleep(100);
	end_here(cell->other_order - 1);
	return NULL;
}

static void live(struct cell *cell)
{
	struct rlimit core = { RLIM_INFINITY, RLIM_INFINITY };
	pthread_t thread;

	setrlimit(RLIMIT_CORE, &core);
	if (pthread_create(&thread, NULL, cell->victim_is_main ? other : victim,
			   cell))
		_exit(1);
	if (cell->victim_is_main)
		victim(cell);
	other(cell);
	_exit(1);
}

FIXTURE(end)
{
	STAGE;
	struct cell *cell;
	struct actor *bound, *waiter;
	__u32 threads;
	char folder[32];
};

FIXTURE_VARIANT(end)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(end, owner) { .place = OWNER };
FIXTURE_VARIANT_ADD(end, coming_back) { .place = COMING_BACK };
FIXTURE_VARIANT_ADD(end, outside) { .place = OUTSIDE };
FIXTURE_VARIANT_ADD(end, lazy) { .place = LAZY };
FIXTURE_VARIANT_ADD(end, stopped) { .place = STOPPED };
FIXTURE_VARIANT_ADD(end, in_system_call) { .place = IN_SYSCALL };
FIXTURE_VARIANT_ADD(end, just_cloned) { .place = JUST_CLONED };
FIXTURE_VARIANT_ADD(end, just_forked) { .place = JUST_FORKED };

FIXTURE_SETUP(end)
{
	self->cell = shared_new(sizeof(*self->cell));
	ASSERT_NE(NULL, self->cell);
	/* For the core dumps. */
	snprintf(self->folder, sizeof(self->folder), "/tmp/gil_end.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->folder));
	ASSERT_EQ(0, chdir(self->folder));
	ASSERT_EQ(0, stage_open(&self->stage, 2, GIL_INTERVAL_MAX_NS));
	ASSERT_EQ(0, lock_set_grace(self->fd, GIL_GRACE_MAX_NS));
	ASSERT_EQ(0, lock_attach(self->fd, NULL));
	self->bound = self->a;
	self->waiter = self->b;
	START_BOUND(self->bound, GIL_BIND_IO);
	ASSERT_EQ(0, actor_start(self->waiter, ACTOR_THREAD, self->fd));
	self->threads = lock_threads(self->fd);
}

FIXTURE_TEARDOWN(end)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", self->folder);
	if (chdir("/") || system(command))
		TH_LOG("%s was not removed", self->folder);
}

static bool start_cell(struct cell *cell, int fd, enum place place,
		       bool victim_is_main)
{
	pid_t child;

	memset(cell, 0, sizeof(*cell));
	cell->fd = fd;
	cell->place = place;
	cell->victim_is_main = victim_is_main;
	if (pipe(cell->pipe))
		return false;
	child = fork_with_parent();
	if (!child)
		live(cell);
	/* Only the parent may set this: the child shares the cell. */
	cell->pid = child;
	return child > 0 && UNTIL(cell->id);
}

/* Bring the victim into its state, and check that it is there. */
#define PUT_VICTIM_IN_PLACE()						\
	do {								\
		struct cell *cell = self->cell;				\
									\
		switch (cell->place) {					\
		case OWNER:						\
			ASSERT_TRUE(until_owner(self->fd, cell->id));	\
			break;						\
		case COMING_BACK:					\
			ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));	\
			ASSERT_EQ(1, write(cell->pipe[1], "", 1));	\
			ASSERT_TRUE(until_state(self->fd, cell->id,	\
						GIL_STATE_QUEUED));	\
			break;						\
		case LAZY:						\
			actor_begin(self->waiter, act_acquire);		\
			ASSERT_TRUE(UNTIL(cell->there));		\
			break;						\
		case STOPPED:						\
			ASSERT_EQ(0, kill(cell->pid, SIGSTOP));		\
			ASSERT_TRUE(until_state(self->fd, cell->id,	\
						GIL_STATE_IDLE));	\
			break;						\
		case JUST_CLONED:					\
		case JUST_FORKED:					\
			ASSERT_TRUE(until_waiting(self->fd, 1));	\
			break;						\
		default:						\
			ASSERT_TRUE(UNTIL(cell->there));		\
			ASSERT_TRUE(until_state(self->fd, cell->id,	\
						GIL_STATE_IDLE));	\
		}							\
	} while (0)

static void end_victim(struct cell *cell, enum end end)
{
	int last;

	switch (end) {
	case KILLED:
		kill(cell->pid, SIGKILL);
		break;
	case TERMINATED:
		kill(cell->pid, SIGTERM);
		/* SIGTERM ends a stopped process only once it continues. */
		kill(cell->pid, SIGCONT);
		break;
	case GROUP_EXITS:
	case GROUP_EXECS:
	case GROUP_FAULTS:
		cell->other_order = 1 + end;
		kill(cell->pid, SIGCONT);
		break;
	case EXITS:
		cell->order = 1 + end;
		last = cell->fd;
		until_threads(last, lock_threads(last) - 1);
		cell->other_order = 1 + EXITS_GROUP;
		break;
	default:
		cell->order = 1 + end;
	}
}

/*
 * Only the threads and processes of the test are left, and they can use the
 * lock, both manually and bound.
 */
#define EXPECT_WELL()							\
	do {								\
		int err;						\
									\
		ASSERT_TRUE(until_threads(self->fd, self->threads));	\
		/* A thread is unlinked first and unbound later, by another task. */	\
		ASSERT_TRUE(until_bound(self->fd, 1));			\
		EXPECT_EQ(0, lock_waiting(self->fd));			\
		err = lock_acquire(self->fd, GIL_ACQUIRE_DEADLINE,	\
				   now_ns() + LIMIT_NS);		\
		EXPECT_TRUE(err == 0 || err == EOWNERDEAD);		\
		EXPECT_EQ(0, lock_release(self->fd, 0));		\
		EXPECT_EQ(0, lock_turn(self->fd));			\
		actor_begin(self->bound, act_hog);			\
		EXPECT_TRUE(actor_runs(self->bound));			\
		self->bound->stop = true;				\
		EXPECT_EQ(0, actor_end(self->bound));			\
		ASSERT_TRUE(until_owner(self->fd, 0));			\
	} while (0)

/* Is the next owner told of a death? Only if a signal ended an owner. */
static bool is_death(enum place place, enum end end)
{
	return place == OWNER && (end == KILLED || end == TERMINATED ||
				  end == GROUP_FAULTS || end == FAULTS);
}

/* The victim can end itself only in user mode. */
static bool possible(enum place place, enum end end)
{
	if (end < EXITS)
		return true;
	if (place == JUST_CLONED || place == JUST_FORKED)
		return end != EXITS;
	return place == OWNER || place == OUTSIDE || place == LAZY;
}

TEST_F_TIMEOUT(end, whatever_way, 2 * PATIENCE)
{
	struct cell *cell = self->cell;
	struct gil_lock_stats before, after;
	int end, main;

	for (end = 0; end < ENDS; end++)
		for (main = 0; main < 2; main++) {
			if (!possible(variant->place, end))
				continue;
			ASSERT_TRUE(start_cell(cell, self->fd, variant->place,
					       main))
				TH_LOG("%s", end_names[end]);
			PUT_VICTIM_IN_PLACE();
			ASSERT_EQ(0, lock_stats(self->fd, &before));
			end_victim(cell, end);
			/* The victim ends only after it has got the lock. */
			if (cell->place == COMING_BACK) {
				if (end == TERMINATED)
					usleep(1000);
				if (end == TERMINATED || end == GROUP_FAULTS)
					lock_release(self->fd, 0);
			}
			ASSERT_EQ(cell->pid, waitpid(cell->pid, NULL, 0))
				TH_LOG("%s", end_names[end]);
			if (cell->place == COMING_BACK &&
			    lock_owner(self->fd) != 0)
				lock_release(self->fd, 0);
			if (cell->place == OWNER || cell->place == LAZY) {
				ASSERT_EQ(0, lock_stats(self->fd, &after));
				EXPECT_EQ(before.counts.owner_deaths +
					  is_death(cell->place, end),
					  after.counts.owner_deaths)
					TH_LOG("%s", end_names[end]);
			}
			if (cell->place == LAZY) {
				ASSERT_EQ(0, actor_end(self->waiter))
					TH_LOG("%s", end_names[end]);
				ASSERT_EQ(0, actor_do(self->waiter,
						      act_release));
			}
			close(cell->pipe[0]);
			close(cell->pipe[1]);
			EXPECT_WELL();
		}
}

#define CROWD	6
#define ROUNDS	40

static void *come_and_go(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	volatile int i;

	for (;;) {
		switch (rand_r(&seed) % 4) {
		case 0:
			usleep(rand_r(&seed) % 200);
			break;
		case 1:
			lock_release(*(int *)arg, 0);
			lock_acquire(*(int *)arg, 0, 0);
			break;
		case 2:
			lock_release(*(int *)arg, GIL_RELEASE_LAZY);
			lock_acquire(*(int *)arg, 0, 0);
			break;
		default:
			for (i = rand_r(&seed) % 10000; i; i--)
				;
		}
	}
	return NULL;
}

static void live_in_a_crowd(int fd)
{
	pthread_t threads[CROWD];
	int i;

	if (lock_bind(fd, GIL_BIND_IO | GIL_BIND_SLICE | GIL_BIND_INHERIT))
		_exit(1);
	for (i = 0; i < CROWD; i++)
		if (pthread_create(&threads[i], NULL, come_and_go, &fd))
			_exit(1);
	come_and_go(&fd);
}

/* Processes of bound threads, two at a time, are killed at any moment. */
TEST(crowds_are_killed)
{
	int fd = ASSERT_FD(lock_create(MS / 4)), i;
	struct gil_lock_stats stats;
	unsigned int seed = 1;
	pid_t one = 0, two;

	for (i = 0; i < ROUNDS; i++) {
		two = ASSERT_CHILD(fork_with_parent());
		if (!two)
			live_in_a_crowd(fd);
		usleep(rand_r(&seed) % 8000);
		if (one) {
			kill(one, SIGKILL);
			ASSERT_EQ(one, waitpid(one, NULL, 0));
		}
		one = two;
	}
	kill(one, SIGKILL);
	ASSERT_EQ(one, waitpid(one, NULL, 0));
	EXPECT_LEFT_FREE(fd);
	ASSERT_EQ(0, lock_stats(fd, &stats));
	TH_LOG("%llu releases, %llu owners died", stats.counts.releases,
	       stats.counts.owner_deaths);
}

GIL_BOUND_TEST_MAIN
