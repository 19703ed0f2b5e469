// SPDX-License-Identifier: GPL-2.0
/* Threads and processes that do what the test tells them: see actor.h. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "process.h"

/* Small, so that a thousand threads fit into the memory of a guest. */
#define STACK_BYTES	65536

struct actor *actors_new(int count)
{
	return shared_new(count * sizeof(struct actor));
}

/* A signal of the test may interrupt the wait. */
static void wait_for_go(struct actor *actor)
{
	while (sem_wait(&actor->go))
		;
}

static void play(struct actor *actor)
{
	actor->tid = syscall(SYS_gettid);
	for (;;) {
		wait_for_go(actor);
		if (!actor->act)
			return;
		actor->result = actor->act(actor);
		sem_post(&actor->done);
	}
}

static void *thread_main(void *arg)
{
	play(arg);
	return NULL;
}

static int start_thread(struct actor *actor)
{
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	err = pthread_create(&actor->thread, &attr, thread_main, actor);
	pthread_attr_destroy(&attr);
	return err;
}

static int start_process(struct actor *actor)
{
	/* A test that fails must leave no process behind. */
	pid_t child = fork_with_parent();

	if (child < 0)
		return errno;
	if (child) {
		/* Only the parent may set this: the child shares the actor. */
		actor->pid = child;
		return 0;
	}
	play(actor);
	_exit(0);
}

int actor_start_unattached(struct actor *actor, enum actor_kind kind, int fd)
{
	int err;

	actor->kind = kind;
	actor->fd = fd;
	sem_init(&actor->go, 1, 0);
	sem_init(&actor->done, 1, 0);
	err = kind == ACTOR_THREAD ? start_thread(actor) : start_process(actor);
	actor->alive = !err;
	return err;
}

int actor_start(struct actor *actor, enum actor_kind kind, int fd)
{
	int err = actor_start_unattached(actor, kind, fd);

	return err ? err : actor_do(actor, act_attach);
}

int actors_start(struct actor *actors, int count, enum actor_kind kind, int fd)
{
	int err = 0, i;

	for (i = 0; i < count && !err; i++) {
		err = actor_start_unattached(&actors[i], kind, fd);
		if (!err)
			actor_begin(&actors[i], act_attach);
	}
	for (i = 0; i < count && !err; i++)
		err = actor_end(&actors[i]);
	return err;
}

int actors_start_bound(struct actor *actors, int count, enum actor_kind kind,
		       int fd, __u32 flags)
{
	int err = 0, i;

	for (i = 0; i < count && !err; i++) {
		err = actor_start_unattached(&actors[i], kind, fd);
		actors[i].argument = flags;
		err = err ?: actor_do(&actors[i], act_bind);
	}
	return err;
}

void actor_begin(struct actor *actor, actor_fn act)
{
	actor->act = act;
	sem_post(&actor->go);
}

int actor_end(struct actor *actor)
{
	__u64 limit = now_ns() + LIMIT_NS;
	struct timespec ts = {
		.tv_sec = limit / 1000000000,
		.tv_nsec = limit % 1000000000,
	};

	while (sem_clockwait(&actor->done, CLOCK_MONOTONIC, &ts))
		if (errno != EINTR)
			return ETIME;
	return actor->result;
}

int actor_do(struct actor *actor, actor_fn act)
{
	actor_begin(actor, act);
	return actor_end(actor);
}

int actor_end_turn(struct actor *actor)
{
	return actor_end(actor) ?: actor_do(actor, act_release);
}

bool actor_ended(struct actor *actor)
{
	int value = 0;

	sem_getvalue(&actor->done, &value);
	return value > 0;
}

bool actor_queue(struct actor *actor)
{
	return actor_queue_by(actor, act_acquire);
}

bool actor_queue_by(struct actor *actor, actor_fn act)
{
	actor_begin(actor, act);
	return until_state(actor->fd, actor->id, GIL_STATE_QUEUED);
}

bool actor_runs(struct actor *actor)
{
	__u64 seen = actor->rounds;

	return UNTIL(actor->rounds != seen);
}

bool actor_hogs(struct actor *actor)
{
	actor_begin(actor, act_hog);
	return actor_runs(actor);
}

int actor_halt(struct actor *actor)
{
	actor->stop = true;
	return actor_end(actor);
}

void actor_reap(struct actor *actor)
{
	if (!actor->alive)
		return;
	if (actor->kind == ACTOR_THREAD)
		pthread_join(actor->thread, NULL);
	else
		waitpid(actor->pid, NULL, 0);
	actor->alive = false;
}

void actor_stop(struct actor *actor)
{
	if (!actor->alive)
		return;
	actor_begin(actor, NULL);
	actor_reap(actor);
}

void actor_kill(struct actor *actor)
{
	kill(actor->pid, SIGKILL);
	actor_reap(actor);
}

void actor_signal(struct actor *actor, int sig)
{
	if (actor->kind == ACTOR_THREAD)
		pthread_kill(actor->thread, sig);
	else
		kill(actor->pid, sig);
}

ACT(act_attach, lock_attach(actor->fd, &actor->id))
ACT(act_acquire, lock_acquire(actor->fd, actor->flags, actor->deadline_ns))
ACT(act_enqueue, lock_acquire(actor->fd, GIL_ACQUIRE_ENQUEUE, 0))
ACT(act_try, lock_acquire(actor->fd, GIL_ACQUIRE_TRY, 0))
ACT(act_release, lock_release(actor->fd, 0))
ACT(act_turn, act_acquire(actor) ?: act_release(actor))
ACT(act_yield, lock_yield(actor->fd))
ACT(act_cancel, lock_cancel(actor->fd))
ACT(act_unbind, lock_unbind(actor->fd))

int act_bind(struct actor *actor)
{
	return lock_bind(actor->fd, actor->argument) ?:
	       lock_attach(actor->fd, &actor->id);
}

int act_hog(struct actor *actor)
{
	while (!actor->stop)
		actor->rounds++;
	actor->stop = false;
	return 0;
}

int act_own_state(struct actor *actor)
{
	struct gil_thread_stats stats;
	int err = thread_stats(actor->fd, 0, &stats);

	actor->answer = stats.state;
	return err;
}

ACT(act_fast_acquire, fast_acquire(actor->page, actor->id) ? 0 : EBUSY)
ACT(act_fast_release, fast_release(actor->page, actor->id) ? 0 : EPERM)
