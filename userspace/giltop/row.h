/* SPDX-License-Identifier: GPL-2.0 */
/* One row of either table as a line of the picture, and the tables' heads. */
#ifndef GILTOP_ROW_H
#define GILTOP_ROW_H

#include "screen.h"

/* @lock is NULL for the head. */
void row_lock(struct line *line, const struct lock_view *lock,
	      const struct look *look);
/* @thread is NULL for the head. */
void row_thread(struct line *line, const struct thread_view *thread,
		const struct look *look);

#endif
