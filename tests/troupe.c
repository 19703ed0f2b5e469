// SPDX-License-Identifier: GPL-2.0
/* Players that use one lock and look at each other: see troupe.h. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"
#include "troupe.h"

/* The most looks between two acts. */
#define LOOKS	8

struct troupe *troupe_new(void)
{
	struct troupe *troupe = shared_new(sizeof(*troupe));

	if (!troupe)
		return NULL;
	troupe->witness = witness_new();
	return troupe->witness ? troupe : NULL;
}

__u64 troupe_least_acts(const struct troupe *troupe)
{
	__u64 least = ~0ULL;
	int i;

	for (i = 0; i < troupe->count; i++)
		if (troupe->players[i].acts < least)
			least = troupe->players[i].acts;
	return least;
}

bool troupe_over(const struct troupe *troupe)
{
	__u64 now = now_ns();

	return now >= troupe->end &&
	       (troupe_least_acts(troupe) || now >= troupe->end + LIMIT_NS);
}

void troupe_look(struct troupe *troupe, int looks)
{
	__u32 me = witness_number(troupe->witness);

	while (looks-- > 0)
		witness_look(troupe->witness, me);
}

void player_look(struct player *player)
{
	troupe_look(player->troupe, 1 + rand_r(&player->seed) % LOOKS);
}

static void note(struct player *player, int err)
{
	if (err && !player->err)
		player->err = err;
}

/* A manual user is not bound, so it may look only while it owns the lock. */
static void play_manually(struct player *player)
{
	struct troupe *troupe = player->troupe;

	while (!troupe_over(troupe)) {
		note(player, lock_acquire(troupe->fd, 0, 0));
		player_look(player);
		if (rand_r(&player->seed) % 2) {
			note(player, lock_yield(troupe->fd));
			player_look(player);
		}
		note(player, lock_release(troupe->fd, 0));
		player->acts++;
		if (player->act)
			note(player, player->act(player));
	}
}

static void play_bound(struct player *player)
{
	struct troupe *troupe = player->troupe;
	player_fn act = player->act ?: troupe->act;

	if (troupe->fd >= 0)
		note(player, lock_bind(troupe->fd, troupe->flags));
	while (!troupe_over(troupe)) {
		player_look(player);
		if (act)
			note(player, act(player));
		player->acts++;
	}
}

static void play(struct player *player)
{
	struct troupe *troupe = player->troupe;

	player->tid = syscall(SYS_gettid);
	__atomic_fetch_add(&troupe->ready, 1, __ATOMIC_RELEASE);
	/* No player is bound yet, so none waits for the lock here. */
	while (__atomic_load_n(&troupe->ready, __ATOMIC_ACQUIRE) <=
	       troupe->count)
		usleep(100);
	if (player->manual)
		play_manually(player);
	else
		play_bound(player);
}

static void *thread_main(void *arg)
{
	play(arg);
	return NULL;
}

static int start_player(struct player *player)
{
	if (!player->troupe->processes)
		return pthread_create(&player->thread, NULL, thread_main,
				      player);
	player->pid = fork_with_parent();
	if (player->pid < 0)
		return errno;
	if (player->pid)
		return 0;
	player->pid = getpid();
	play(player);
	_exit(0);
}

bool troupe_start(struct troupe *troupe)
{
	bool ready;
	int i;

	for (i = 0; i < troupe->count; i++) {
		struct player *player = &troupe->players[i];

		player->troupe = troupe;
		player->number = i;
		player->seed = i + 1;
		if (start_player(player))
			return false;
	}
	ready = UNTIL(__atomic_load_n(&troupe->ready, __ATOMIC_ACQUIRE) >=
		      troupe->count);
	troupe->end = now_ns() + troupe->run_ns;
	__atomic_fetch_add(&troupe->ready, 1, __ATOMIC_RELEASE);
	return ready;
}

bool troupe_end(struct troupe *troupe)
{
	bool well = true;
	int i;

	for (i = 0; i < troupe->count; i++) {
		struct player *player = &troupe->players[i];

		if (!troupe->processes)
			well &= !pthread_join(player->thread, NULL);
		else
			well &= !child_status(player->pid);
	}
	return well;
}

bool troupe_play(struct troupe *troupe)
{
	return troupe_start(troupe) && troupe_end(troupe);
}

int troupe_first_error(const struct troupe *troupe)
{
	int i;

	for (i = 0; i < troupe->count; i++)
		if (troupe->players[i].err)
			return troupe->players[i].err;
	return 0;
}
