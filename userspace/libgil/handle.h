/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a gil_t points to. The address is that of the lock's page, so that a
 * checkpoint needs no other load. The library's own struct handle lies just
 * below, at the end of a private page.
 */
#ifndef LIBGIL_HANDLE_H
#define LIBGIL_HANDLE_H

#include <stddef.h>
#include <stdint.h>
#include "gil.h"

struct handle {
	struct handle *next;		/* in the list of handles.c */
	size_t page_size;
	int fd;
	uint64_t serial;		/* never 0, never reused */
	size_t slot_offset;		/* in every thread's table; thread.h */
};

static inline struct handle *gil_handle(const gil_t *g)
{
	return (struct handle *)(uintptr_t)g - 1;
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
