/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GIL_CHARDEV_H
#define GIL_CHARDEV_H

#include <linux/fs.h>
#include <linux/types.h>

struct gil_lock;
struct gil_policy_ops;

/*
 * What a lock is made with where nobody says otherwise; module parameters. The
 * policy is the caller's to put.
 */
const struct gil_policy_ops *gil_default_policy(void);
u64 gil_default_interval_ns(void);
u64 gil_default_grace_ns(void);

/* Make /dev/gil, with the global lock. May sleep. */
int gil_chardev_init(umode_t mode);
void gil_chardev_exit(void);

/* ioctl.c */
long gil_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);

/* debugfs.c: tables of all locks; not having them is no failure. */
void gil_debugfs_init(void);
void gil_debugfs_exit(void);

#endif /* GIL_CHARDEV_H */
