/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What main.c starts and stops, in this order.
 */
#ifndef GIL_INIT_H
#define GIL_INIT_H

#include <linux/types.h>

/* Have gil_task_exit() called, and what bind.h asks for. EOPNOTSUPP. */
int gil_task_watch_start(void);
void gil_task_watch_stop(void);

/* Make /dev/gil, with the global lock. May sleep. */
int gil_chardev_init(umode_t mode);
void gil_chardev_exit(void);

/* Tables of all locks; not having them is no failure. */
void gil_debugfs_init(void);
void gil_debugfs_exit(void);

#endif /* GIL_INIT_H */
