// SPDX-License-Identifier: GPL-2.0
/*
 * Assignment 7: what a policy makes of a mix of threads, by a simulated clock.
 *
 * When this module is loaded, it plays each mix with each policy: those of
 * gil.ko, and the one that is built into it with student.c. A thread computes
 * with the lock, is away for a while, and comes back. This file does what gil.ko
 * does with a lock: it calls the same functions of the policy in the same order.
 * All times are counted and none is measured, so a policy and a seed always make
 * the same numbers. /sys/module/judge/parameters/results has them.
 */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <linux/gil.h>

#include <gil_policy.h>

#include "policies.h"
#include "student.h"

#define US		1000ULL
#define MS		(1000 * US)

#define INTERVAL	(5 * MS)
/* From the release until the next owner runs. */
#define SWITCH		(10 * US)
/* An owner looks this often whether it is asked to give way. */
#define CHECKPOINT	(50 * US)
/* How long each mix is played. */
#define LENGTH		(2000 * MS)
/* Nobody may wait for longer than so many intervals for each thread. */
#define PATIENCE	4

#define MIXES		10
#define THREADS_MAX	20

#define NEVER		U64_MAX

static unsigned long seed = 1;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "which mixes");

static char results[1024];
module_param_string(results, results, sizeof(results), 0444);
MODULE_PARM_DESC(results, "for each policy: name, number, longest wait, fault");

enum place { OWNS, QUEUED, CALLED, AWAY };

struct thread {
	struct gil_waiter w;

	/* Of the mix. */
	u64 compute;		/* ns with the lock at a time, on the average */
	u64 away;		/* ns without it; 0: never away */
	bool says_io;		/* it releases the lock because of I/O */
	u64 random;

	enum place place;
	u64 left;		/* ns to compute before it is away */
	u64 at;			/* when it comes, if it is called or away */
	u64 is_away;		/* ns, how long */
	u64 asked_for;		/* when it began to want the lock */
	u64 done;		/* ns computed and away */
};

static struct game {
	const struct gil_policy_ops *policy;
	struct gil_queue q;
	struct thread threads[THREADS_MAX];
	unsigned int count;

	struct thread *owner;
	u64 now;
	u64 ran;		/* until when the owner's work is counted */
	u64 turn;		/* when the owner began to run */
	u64 ask_at;
	bool asked;
	u64 asked_at;
	u64 longest;		/* wait, ns */
	const char *fault;
} game;

/* The policy's functions run as they do in gil.ko. */
static DEFINE_RAW_SPINLOCK(guard);

const struct gil_policy_ops *student;

int gil_policy_register(struct gil_policy_ops *ops)
{
	if (!ops->name || !ops->enqueue || !ops->dequeue || !ops->pick ||
	    !ops->patience)
		return -EINVAL;
	student = ops;
	return 0;
}

void gil_policy_unregister(struct gil_policy_ops *ops)
{
}

/* xorshift64* */
static u64 draw(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL >> 32;
}

static u64 between(u64 *state, u64 least, u64 most)
{
	return least + draw(state) * US % (most - least + 1);
}

/* From half of it to half as much again. */
static u64 about(u64 *state, u64 ns)
{
	return ns / 2 + draw(state) * US % (ns + 1);
}

static void add_thread(u64 *state, u64 compute, u64 away, bool says_io)
{
	struct thread *t = &game.threads[game.count++];

	t->compute = compute;
	t->away = away;
	t->says_io = says_io;
	t->random = draw(state) << 16 | 1;
	t->w.id = game.count;
	t->w.task = current;
	t->place = AWAY;
	t->at = between(&t->random, 0, 10 * MS);
	t->left = away ? about(&t->random, compute) : LENGTH;
}

/* The mixes differ in how many threads of each kind they have. */
static void make_mix(unsigned int number)
{
	u64 state = (seed * MIXES + number + 1) * 0x9e3779b97f4a7c15ULL;
	int i;

	draw(&state);
	/* Those that only compute. */
	for (i = between(&state, 2, 4); i; i--)
		add_thread(&state, LENGTH, 0, false);
	/* Those that do I/O after a moment, and those that compute for longer. */
	for (i = between(&state, 2, 5); i; i--)
		add_thread(&state, between(&state, 20 * US, 200 * US),
			   between(&state, 200 * US, 3 * MS), true);
	for (i = between(&state, 1, 3); i; i--)
		add_thread(&state, between(&state, 1 * MS, 6 * MS),
			   between(&state, 2 * MS, 12 * MS), true);
	/* Those that pause, and do not call it I/O. */
	for (i = between(&state, 0, 3); i; i--)
		add_thread(&state, between(&state, 50 * US, 500 * US),
			   between(&state, 500 * US, 5 * MS), false);
	/* Those that call it I/O and are back at once. */
	for (i = between(&state, 0, 2); i; i--)
		add_thread(&state, between(&state, 2 * MS, 8 * MS),
			   between(&state, 1 * US, 20 * US), true);
}

static void ask_later(u64 from)
{
	u64 patience;

	patience = game.policy->patience(&game.q,
					 max(from, game.owner->w.grant_ns));
	game.ask_at = from + min(patience, LENGTH);
}

static void ask_sooner(void)
{
	u64 before = game.ask_at;

	ask_later(game.now);
	game.ask_at = min(before, game.ask_at);
}

static void own(struct thread *t)
{
	game.owner = t;
	game.q.owner = &t->w;
	game.asked = false;
	game.ask_at = NEVER;
	t->place = OWNS;
	t->at = NEVER;
	t->w.grant_ns = game.now;
	game.longest = max(game.longest, game.now - t->asked_for);
}

static void begin_turn(u64 at)
{
	game.turn = at;
	game.ran = at;
	if (game.q.waiting)
		ask_later(game.now);
}

static void enqueue(struct thread *t, bool yielded)
{
	t->place = QUEUED;
	t->at = NEVER;
	t->w.request_ns = game.now;
	t->w.yielded = yielded;
	game.policy->enqueue(&game.q, &t->w, game.now);
	game.q.waiting++;
	if (!game.owner || game.asked)
		return;
	if (game.q.waiting == 1)
		ask_later(game.now);
	else
		ask_sooner();
}

/* The one that the policy chooses, if that one waits. */
static struct thread *pick(void)
{
	struct gil_waiter *w = game.policy->pick(&game.q, game.now);
	unsigned int i, queued = 0;

	for (i = 0; i < game.count; i++) {
		if (w == &game.threads[i].w && game.threads[i].place == QUEUED)
			return &game.threads[i];
		queued += game.threads[i].place == QUEUED;
	}
	if (w)
		game.fault = "picks-a-thread-that-does-not-wait";
	else if (queued)
		game.fault = "picks-nobody-although-threads-wait";
	return NULL;
}

static void pass_on(struct thread *from)
{
	struct thread *next;

	game.owner = NULL;
	game.asked = false;
	game.ask_at = NEVER;
	next = pick();
	if (!next) {
		game.q.owner = NULL;
		return;
	}
	if (game.policy->barging) {
		/* Whoever comes first has the lock. */
		next->place = CALLED;
		next->at = game.now + SWITCH;
		game.q.owner = NULL;
		return;
	}
	game.q.waiting--;
	own(next);
	begin_turn(game.now + SWITCH);
}

static void end_hold(struct thread *t, bool io)
{
	if (game.policy->released)
		game.policy->released(&game.q, &t->w,
				      game.now - t->w.grant_ns);
	t->w.io = io;
}

/* A thread is called, or wants the lock. */
static void comes(struct thread *t)
{
	bool called = t->place == CALLED;

	if (called)
		game.q.waiting--;
	else
		t->asked_for = game.now;
	t->done += t->is_away;
	t->is_away = 0;
	if (game.owner) {
		enqueue(t, called && t->w.yielded);
		return;
	}
	if (game.policy->claimed && !called)
		game.policy->claimed(&game.q, &t->w);
	own(t);
	begin_turn(game.now);
}

static void goes_away(struct thread *t)
{
	end_hold(t, t->says_io);
	t->place = AWAY;
	t->is_away = about(&t->random, t->away);
	t->at = game.now + t->is_away;
	t->left = about(&t->random, t->compute);
	pass_on(t);
}

static void gives_way(struct thread *t)
{
	game.asked = false;
	game.ask_at = NEVER;
	if (!game.q.waiting)
		return;
	end_hold(t, false);
	t->asked_for = game.now;
	pass_on(t);
	enqueue(t, true);
}

/* The owner's first checkpoint after it was asked. */
static u64 next_checkpoint(void)
{
	u64 from = max(game.asked_at, game.turn);

	return game.turn + (div64_u64(from - game.turn, CHECKPOINT) + 1) *
		CHECKPOINT;
}

/* The owner works until @time. */
static void go_to(u64 time)
{
	if (game.owner && time > game.ran) {
		game.owner->left -= time - game.ran;
		game.owner->done += time - game.ran;
		game.ran = time;
	}
	game.now = time;
}

static void step(void)
{
	u64 ends = game.owner ? game.ran + game.owner->left : NEVER;
	u64 yields = game.owner && game.asked ? next_checkpoint() : NEVER;
	u64 asks = game.owner && !game.asked && game.q.waiting ?
		max(game.ask_at, game.now) : NEVER;
	u64 comes_at = NEVER, next;
	struct thread *first = NULL;
	unsigned int i;

	for (i = 0; i < game.count; i++) {
		if (game.threads[i].at < comes_at) {
			first = &game.threads[i];
			comes_at = first->at;
		}
	}
	next = min(min(ends, yields), min(asks, comes_at));
	go_to(min(next, LENGTH));
	if (game.now == LENGTH)
		return;
	if (next == ends) {
		goes_away(game.owner);
	} else if (next == yields) {
		gives_way(game.owner);
	} else if (next == comes_at) {
		comes(first);
	} else {
		game.asked = true;
		game.asked_at = game.now;
	}
}

/*
 * How much the threads got done, in parts of 10000: the average of what part of
 * the time each was at work or away and not kept waiting.
 */
static u64 play(const struct gil_policy_ops *policy, unsigned int mix,
		u64 *longest, const char **fault)
{
	unsigned int i, steps = 0;
	unsigned long flags;
	u64 done = 0;

	memset(&game, 0, sizeof(game));
	game.policy = policy;
	INIT_LIST_HEAD(&game.q.list[0]);
	INIT_LIST_HEAD(&game.q.list[1]);
	game.q.tree = RB_ROOT_CACHED;
	game.q.interval_ns = INTERVAL;
	game.q.grace_ns = GIL_GRACE_DEFAULT_NS;
	game.ask_at = NEVER;
	make_mix(mix);
	while (game.now < LENGTH && !game.fault) {
		raw_spin_lock_irqsave(&guard, flags);
		step();
		raw_spin_unlock_irqrestore(&guard, flags);
		if (++steps % 1024 == 0)
			cond_resched();
		if (steps > 10 * 1000 * 1000)
			game.fault = "asks-without-end";
	}
	for (i = 0; i < game.count; i++) {
		const struct thread *t = &game.threads[i];

		done += t->done;
		if (t->place == QUEUED || t->place == CALLED)
			game.longest = max(game.longest,
					   game.now - t->asked_for);
	}
	*longest = max(*longest, div64_u64(game.longest,
					   game.count * INTERVAL / 100));
	if (!game.fault && game.longest > game.count * PATIENCE * INTERVAL)
		game.fault = "starves-a-thread";
	if (game.fault)
		*fault = game.fault;
	return div64_u64(done * 10000, LENGTH * game.count);
}

static void judge(const struct gil_policy_ops *policy, const char *name)
{
	size_t at = strlen(results);
	const char *fault = NULL;
	u64 number = 0, longest = 0;
	int mix;

	for (mix = 0; mix < MIXES && !fault; mix++)
		number += play(policy, mix, &longest, &fault);
	scnprintf(results + at, sizeof(results) - at, "%s %llu %llu %s\n", name,
		  fault ? 0 : div64_u64(number, MIXES), longest,
		  fault ?: "-");
}

static int __init judge_init(void)
{
	int err = student_begins();

	if (err)
		return err;
	if (!student)
		return -ENOENT;
	judge(student, "yours");
	judge(&gil_policy_fifo, "fifo");
	judge(&gil_policy_cpython, "cpython");
	judge(&gil_policy_io_first, "io_first");
	judge(&gil_policy_fair, "fair");
	return 0;
}

static void __exit judge_exit(void)
{
	student_ends();
}

module_init(judge_init);
module_exit(judge_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Assignment 7: judge a policy");
