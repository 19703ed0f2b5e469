/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The list of all handles that are open in this process. */
#ifndef LIBGIL_HANDLES_H
#define LIBGIL_HANDLES_H

#include "handle.h"

/* Add a handle and give it a serial number that no handle had before. */
void handles_add(struct handle *h);
void handles_remove(struct handle *h);

/*
 * Tell the lock with that serial number what the calling thread did by the
 * fast path. Does nothing if the handle has been closed.
 */
void handles_report(uint64_t serial, uint64_t acquires, uint64_t io_releases);

#endif /* LIBGIL_HANDLES_H */
