/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ioctls of /dev/gil.
 */
#ifndef GIL_IOCTL_H
#define GIL_IOCTL_H

struct file;

long gil_ioctl(struct file *filp, unsigned int cmd, unsigned long arg);

#endif /* GIL_IOCTL_H */
