// SPDX-License-Identifier: GPL-2.0
/* No lock at all: shows what the machine does when nothing takes turns. */
#include "lock.h"

#define DEFAULT_INTERVAL_NS 5000000ULL

static struct lock none = { .ops = &lock_none };

static int none_open(struct lock **lock, const struct lock_options *options)
{
	(void)options;
	*lock = &none;
	return 0;
}

static void none_close(struct lock *lock)
{
	(void)lock;
}

static int none_do(struct lock *lock)
{
	(void)lock;
	return 0;
}

/* Workloads derive their sizes from the interval; make them the usual ones. */
static uint64_t none_interval_ns(struct lock *lock)
{
	(void)lock;
	return DEFAULT_INTERVAL_NS;
}

/* The bare loop, whose cost is subtracted from that of the other locks. */
static int none_loop(struct lock *lock, uint64_t n)
{
	(void)lock;
	while (n--)
		asm volatile("" ::: "memory");
	return 0;
}

const struct lock_ops lock_none = {
	.name = "none",
	.doc = "no lock",
	.open = none_open,
	.close = none_close,
	.acquire = none_do,
	.release = none_do,
	.checkpoint = none_do,
	.yield = none_do,
	.io_begin = none_do,
	.io_end = none_do,
	.interval_ns = none_interval_ns,
	.pairs = none_loop,
	.checkpoints = none_loop,
};
