/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GIL_CHARDEV_H
#define GIL_CHARDEV_H

#include <linux/fs.h>
#include <linux/types.h>

/* Make /dev/gil, with the global lock. May sleep. */
int gil_chardev_init(umode_t mode);
void gil_chardev_exit(void);

/* ioctl.c */
long gil_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);

/* debugfs.c: tables of all locks; not having them is no failure. */
void gil_debugfs_init(void);
void gil_debugfs_exit(void);

#endif /* GIL_CHARDEV_H */
