/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A troupe: threads or processes that are bound to locks, look at each other
 * through a witness, and do between the looks what the test wants tried.
 */
#ifndef GIL_TEST_TROUPE_H
#define GIL_TEST_TROUPE_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "lock.h"
#include "witness.h"

#define TROUPE_MAX	8

struct player;

/* Something to do between looks; 0, or an errno, which is a failure. */
typedef int (*player_fn)(struct player *player);

/* Shared by all players. */
struct troupe {
	/* What the test sets before it starts the players. */
	int fd;			/* of the lock, or -1: no player is bound */
	__u32 flags;		/* GIL_BIND_* */
	int count;
	bool processes;		/* each forks and binds itself */
	player_fn act;		/* NULL: only look */
	__u64 run_ns;		/* or longer, until each has acted once */

	/* What the players share. */
	struct witness *witness;
	volatile __u64 end;
	volatile int ready;
	struct player {
		struct troupe *troupe;
		int number;
		unsigned int seed;
		player_fn act;	/* or NULL: the act of the troupe */
		bool manual;	/* not bound: acquires and releases */
		pthread_t thread;
		pid_t pid;
		volatile pid_t tid;
		volatile __u64 acts;
		int err;	/* the first errno */
		void *own;	/* for the test to use */
	} players[TROUPE_MAX];
};

/* Zeroed, in memory that children share, with a witness; NULL if there is none. */
struct troupe *troupe_new(void);

/*
 * Start all players, which begin at the same time; and wait for their end.
 * False if a player could not be started or did not end well.
 */
bool troupe_start(struct troupe *troupe);
bool troupe_end(struct troupe *troupe);

/* Start the players and wait for their end. */
bool troupe_play(struct troupe *troupe);

/* Look some times, as a player or as any thread. Is the play over? */
void player_look(struct player *player);
void troupe_look(struct troupe *troupe, int looks);
bool troupe_over(const struct troupe *troupe);

/* After a play: the lowest number of acts of any player. */
__u64 troupe_least_acts(const struct troupe *troupe);
int troupe_first_error(const struct troupe *troupe);

/* No two at one instant, everybody had turns, and no act failed. */
#define EXPECT_EXCLUSION(troupe)					\
	do {								\
		EXPECT_EQ(0, (troupe)->witness->crowds);		\
		if (witness_works())					\
			EXPECT_LT(0, (troupe)->witness->looks);		\
		EXPECT_LT(0, troupe_least_acts(troupe));		\
		EXPECT_EQ(0, troupe_first_error(troupe));		\
	} while (0)

#endif /* GIL_TEST_TROUPE_H */
