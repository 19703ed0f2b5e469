/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The list of the handles that this process uses. */
#ifndef LIBGIL_HANDLES_H
#define LIBGIL_HANDLES_H

#include "handle.h"

/*
 * Give the handle a key in this process, with a serial number that no handle
 * had before, unless it has one. 0 or an errno.
 */
int handles_add(gil_t *g);
void handles_remove(gil_t *g);

/*
 * Tell the lock with that serial number what the calling thread did by the
 * fast path. Does nothing if the handle has been closed.
 */
void handles_report(uint64_t serial, uint64_t acquires, uint64_t io_releases);

#endif /* LIBGIL_HANDLES_H */
