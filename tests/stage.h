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
void stage_clear(struct stage *stage);

#define STAGE_TEARDOWN(name)						\
	FIXTURE_TEARDOWN(name)						\
	{								\
		stage_clear(&self->stage);				\
	}

/* Setup and teardown of a fixture that is a stage and nothing more. */
#define STAGE_SETUP(name, count, kind, interval_ns)			\
	FIXTURE_SETUP(name)						\
	{								\
		ASSERT_EQ(0, stage_set(&self->stage, count, kind,	\
				       interval_ns));			\
	}								\
	STAGE_TEARDOWN(name)

/* What the kernel says of the fixture's lock, and of a thread by its id. */
#define EXPECT_LOCK(owner_id, n_waiting)				\
	do {								\
		struct gil_lock_stats now_;				\
									\
		EXPECT_EQ(0, lock_stats(self->fd, &now_));		\
		EXPECT_EQ(owner_id, now_.owner);			\
		EXPECT_EQ(n_waiting, now_.waiting);			\
	} while (0)

#define EXPECT_STATE(thread_id, what)					\
	EXPECT_EQ(GIL_STATE_##what, thread_state(self->fd, thread_id))

#endif /* GIL_TEST_STAGE_H */
