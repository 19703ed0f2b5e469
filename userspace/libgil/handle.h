/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a gil_t points to. The address is that of the lock's page, so that a
 * checkpoint needs no other load. Two private pages lie below:
 *
 *	| struct handle |    struct key |   the lock's page |
 *
 * Each struct is at the end of its page. A fork empties the page of the key,
 * because it has MADV_WIPEONFORK. So a child never takes what its parent's
 * thread knew of the lock for its own knowledge, however it was made and
 * whatever ran in it before: fork handlers, or none after _Fork() or clone().
 */
#ifndef LIBGIL_HANDLE_H
#define LIBGIL_HANDLE_H

#include <stddef.h>
#include <stdint.h>
#include "gil.h"

struct handle {
	gil_t *next;			/* in the list of handles.c */
	int fd;
};

/* What identifies the handle in the threads' tables; see thread.h. */
struct key {
	uint64_t serial;		/* 0: not used in this process yet */
	size_t slot_offset;		/* in every thread's table */
};

/* Set before the first handle is made. */
extern size_t handle_page_size
	__attribute__((visibility("hidden")));

static inline struct handle *gil_handle(const gil_t *g)
{
	uintptr_t end = (uintptr_t)g - handle_page_size;

	return (struct handle *)end - 1;
}

static inline struct key *gil_key(const gil_t *g)
{
	return (struct key *)(uintptr_t)g - 1;
}

static inline struct gil_page *gil_page(gil_t *g)
{
	return (struct gil_page *)(void *)g;
}

/*
 * ioctl() that returns an error number and leaves errno as it was. It has a
 * frame of its own, because libc's ioctl() has none: a stack that is read by
 * frame pointers lacks the function that calls ioctl().
 */
int handle_ioctl(int fd, unsigned long request, void *arg);

/* Read a lock's or a thread's statistics, as the request says. */
static inline int handle_stats(int fd, unsigned long request, void *stats,
			       __u32 size)
{
	struct gil_stats args = {
		.size = size,
		.addr = (__u64)(uintptr_t)stats,
	};

	return handle_ioctl(fd, request, &args);
}

/*
 * Fill in a zeroed name of GIL_NAME_MAX bytes. A name that is too long stays
 * unterminated, and the kernel rejects it with EINVAL.
 */
void policy_name(char *to, const char *name);

#endif /* LIBGIL_HANDLE_H */
