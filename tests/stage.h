/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stage is what most fixtures are made of: a private lock, its page, and
 * actors that use the lock. The fixtures below need main.h.
 */
#ifndef GIL_TEST_STAGE_H
#define GIL_TEST_STAGE_H

#include "actor.h"

#define STAGE_MEMBERS							\
	int fd;								\
	__u32 id; /* of the test's own thread, once it is attached */	\
	struct gil_page *page;						\
	struct actor *actors;						\
	struct actor *a, *b, *c /* the first three actors, or NULL */

struct stage {
	STAGE_MEMBERS;
};

/* The stage as a part of a fixture, so that a test can write self->a. */
#define STAGE								\
	union {								\
		struct stage stage;					\
		struct {						\
			STAGE_MEMBERS;					\
		};							\
	}

/*
 * Make the lock, map its page, and make room for @count actors, none of which
 * is started. stage_set() also attaches the test and starts the actors, which
 * are all of one kind and attached. 0, or an errno.
 */
int stage_open(struct stage *stage, int count, __u64 interval_ns);
int stage_set(struct stage *stage, int count, enum actor_kind kind,
	      __u64 interval_ns);

/* Start and attach the first @count actors. 0, or an errno. */
int stage_start(struct stage *stage, int count, enum actor_kind kind);

/* The test acquires the lock, and the first @count actors enter its queue. */
int stage_queue(struct stage *stage, int count);

/* Start an actor, a process, that is bound to the fixture's lock. */
#define START_BOUND(actor, flags)					\
	ASSERT_EQ(0, actors_start_bound(actor, 1, ACTOR_PROCESS,	\
					self->fd, flags))

/* A fixture that is a stage and nothing more. */
#define STAGE_FIXTURE(name)						\
	FIXTURE(name)							\
	{								\
		STAGE;							\
	};								\
	NO_TEARDOWN(name)

/* The setup of such a fixture, unless the setup does more than this. */
#define STAGE_SETUP(name, count, kind, interval_ns)			\
	FIXTURE_SETUP(name)						\
	{								\
		ASSERT_EQ(0, stage_set(&self->stage, count, kind,	\
				       interval_ns));			\
	}

/* The variants of a fixture whose actors are of either kind: variant->kind. */
#define BOTH_KINDS(name)						\
	FIXTURE_VARIANT(name)						\
	{								\
		enum actor_kind kind;					\
	};								\
	FIXTURE_VARIANT_ADD(name, threads) { .kind = ACTOR_THREAD };	\
	FIXTURE_VARIANT_ADD(name, processes) { .kind = ACTOR_PROCESS }

/* What the kernel says of the fixture's lock, and of a thread by its id. */
#define EXPECT_LOCK(owner_id, n_waiting)				\
	do {								\
		EXPECT_EQ(owner_id, lock_owner(self->fd));		\
		EXPECT_EQ(n_waiting, lock_waiting(self->fd));		\
	} while (0)

#define UNTIL_STATE(thread_id, what)					\
	until_state(self->fd, thread_id, GIL_STATE_##what)

#define EXPECT_STATE(thread_id, what)					\
	EXPECT_EQ(GIL_STATE_##what, thread_state(self->fd, thread_id))

#endif /* GIL_TEST_STAGE_H */
