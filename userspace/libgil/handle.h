/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What stands behind a gil_t. The handle's address is that of the lock's
 * page, so that a checkpoint needs no other load; what the library keeps of
 * the lock lies just below, at the end of a private page.
 */
#ifndef LIBGIL_HANDLE_H
#define LIBGIL_HANDLE_H

#include <stddef.h>
#include <stdint.h>
#include "gil.h"

struct handle {
	struct handle *next;		/* all handles; handle.c */
	size_t page_size;
	int fd;
	uint64_t serial;		/* never 0, never used again */
	size_t slot_offset;		/* in each thread's table; thread.h */
};

static inline struct handle *gil_handle(const gil_t *g)
{
	return (struct handle *)(uintptr_t)g - 1;
}

static inline struct gil_page *gil_page(gil_t *g)
{
	return (struct gil_page *)(void *)g;
}

/* ioctl(), as an error number; errno stays as it was. */
int handle_ioctl(int fd, unsigned long request, void *arg);

/*
 * Tell the lock with that serial number, if it has not been closed, what the
 * calling thread did by the fast path.
 */
void handle_report(uint64_t serial, uint64_t acquires, uint64_t io_releases);

/*
 * Fill in a zeroed name of GIL_NAME_MAX bytes. One that is too long stays
 * unterminated, which the kernel answers with EINVAL.
 */
void policy_name(char *to, const char *name);

#endif /* LIBGIL_HANDLE_H */
