/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An actor is a thread or a process that does what the test tells it, one
 * thing at a time, and says how it ended. So a test reads as a script, and an
 * actor that blocks in the kernel does not block the test.
 */
#ifndef GIL_TEST_ACTOR_H
#define GIL_TEST_ACTOR_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <sys/types.h>

#include "lock.h"

enum actor_kind { ACTOR_THREAD, ACTOR_PROCESS };

struct actor;
typedef int (*actor_fn)(struct actor *actor);

/* Shared with actors that are processes. */
struct actor {
	/* What the test sets before it starts the actor. */
	enum actor_kind kind;
	int fd;
	struct gil_page *page;

	/* What the test sets before an act. */
	actor_fn act;
	__u32 flags;
	__u64 deadline_ns;
	__u64 argument;
	/* What the test sets during an act. */
	volatile bool stop;

	/* What the actor says. */
	int result;
	__u32 id;
	pid_t tid;
	__u64 answer;
	volatile __u64 rounds;

	/* How the test and the actor wait for each other. */
	sem_t go;
	sem_t done;
	pthread_t thread;
	pid_t pid;
	bool alive;
};

/* Room for actors, zeroed; NULL if there is none. */
struct actor *actors_new(int count);

/*
 * Start an actor; actor_start() also lets it attach to its lock. 0, or an
 * errno.
 */
int actor_start(struct actor *actor, enum actor_kind kind, int fd);
int actor_start_unattached(struct actor *actor, enum actor_kind kind, int fd);

/* Start many actors and attach them. Faster than one after the other. */
int actors_start(struct actor *actors, int count, enum actor_kind kind, int fd);

/* The same, and bound with @flags, which each has as its argument. */
int actors_start_bound(struct actor *actors, int count, enum actor_kind kind,
		       int fd, __u32 flags);

/* An act that is one call, or an expression, whose value is its result. */
#define ACT(name, call)							\
	int name(struct actor *actor)					\
	{								\
		(void)actor;						\
		return call;						\
	}

/* Begin an act; wait for its result, or ETIME if that takes over LIMIT_NS. */
void actor_begin(struct actor *actor, actor_fn act);
int actor_end(struct actor *actor);
int actor_do(struct actor *actor, actor_fn act);
/* End an act that acquires, and release if it did. */
int actor_end_turn(struct actor *actor);

/* True if the act has ended, without waiting. */
bool actor_ended(struct actor *actor);

/*
 * Begin to acquire, or another act that waits for the lock: false if the actor
 * does not come to be in the queue.
 */
bool actor_queue(struct actor *actor);
bool actor_queue_by(struct actor *actor, actor_fn act);

/* Begin act_hog(); see whether its rounds grow; end it and get its result. */
bool actor_hogs(struct actor *actor);
bool actor_runs(struct actor *actor);
int actor_halt(struct actor *actor);

/* End an actor: by its return, or (a process only) by SIGKILL. */
void actor_stop(struct actor *actor);
void actor_kill(struct actor *actor);

/* Wait for the end of a process that something else has killed. */
void actor_reap(struct actor *actor);

void actor_signal(struct actor *actor, int sig);

/* Acts. */
int act_attach(struct actor *actor);
int act_acquire(struct actor *actor);
int act_enqueue(struct actor *actor);
int act_try(struct actor *actor);
int act_release(struct actor *actor);
/* Acquire and release. */
int act_turn(struct actor *actor);
int act_yield(struct actor *actor);
int act_cancel(struct actor *actor);
/* Bind with the flags in actor->argument, and learn the id. */
int act_bind(struct actor *actor);
int act_unbind(struct actor *actor);
/* Compute until the test sets actor->stop; actor->rounds grows. */
int act_hog(struct actor *actor);
/* actor->answer becomes the state of the actor, as the kernel says. */
int act_own_state(struct actor *actor);
int act_fast_acquire(struct actor *actor);
int act_fast_release(struct actor *actor);

#endif /* GIL_TEST_ACTOR_H */
