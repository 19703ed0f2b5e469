// SPDX-License-Identifier: GPL-2.0
/* The list of locks, and what is done with a lock of any kind. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args/missing.h"
#include "args/wash.h"
#include "clock.h"
#include "lock.h"

const struct lock_ops *const lock_backends[] = {
	&lock_gil,
	&lock_pthread,
	&lock_none,
	NULL,
};

const struct lock_ops *lock_find(const char *name)
{
	for (unsigned int i = 0; lock_backends[i]; i++)
		if (!strcmp(lock_backends[i]->name, name))
			return lock_backends[i];
	return NULL;
}

int lock_open(struct lock **lock, const struct lock_ops *ops,
	      const struct lock_options *options)
{
	int error = ops->open(lock, options);

	if (error)
		fprintf(stderr, "gilbench: cannot make a %s lock%s%s: %s\n",
			ops->name, options->policy ? " with policy " : "",
			options->policy ? WASHED(options->policy) : "",
			error == ENOENT ? "there is no such policy" :
					  missing_reason(error));
	return error;
}

int lock_inspect(const struct lock_ops *ops, const struct lock_options *options,
		 uint64_t *interval_ns, bool *fifo)
{
	struct lock *lock;
	int error = lock_open(&lock, ops, options);

	if (error)
		return error;
	*interval_ns = lock_interval_ns(lock);
	*fifo = lock_fifo(lock);
	lock_close(lock);
	return 0;
}

int lock_sleep(struct lock *lock, uint64_t ns, uint64_t *took_ns)
{
	uint64_t start = now_ns();
	int error = lock_io_begin(lock);

	if (error)
		return error;
	sleep_ns(ns);
	error = lock_io_end(lock);
	*took_ns = now_ns() - start;
	return error;
}
