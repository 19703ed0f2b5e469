/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Make a private lock, in an open file of its own.
 */
#ifndef GIL_CREATE_H
#define GIL_CREATE_H

#include <linux/fs.h>

struct gil_policy_ops;
struct gil_recorder;

/*
 * A new open file on a new lock. Its operations are @fops, those of a gil file
 * that is open already. It takes over the references to the policy and, if not NULL, to the
 * recorder, even if it fails. Error pointer: ENFILE, ENOMEM. May sleep.
 */
struct file *gil_file_new(const struct file_operations *fops,
			  const struct gil_policy_ops *policy,
			  u64 interval_ns, u64 grace_ns,
			  struct gil_recorder *recorder);

/* As above, with the settings of @filp's lock, and its recorder. */
struct file *gil_file_like(struct file *filp);

#endif /* GIL_CREATE_H */
