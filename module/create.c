// SPDX-License-Identifier: GPL-2.0
/*
 * Make a private lock, in an open file of its own: for GIL_IOC_CREATE, and for
 * a child process that gets a lock of its own.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>

#include "context.h"
#include "create.h"
#include "lock.h"
#include "locks.h"
#include "policy.h"
#include "record.h"

struct file *gil_file_new(const struct file_operations *fops,
			  const struct gil_policy_ops *policy,
			  u64 interval_ns, u64 grace_ns,
			  struct gil_recorder *recorder)
{
	static atomic_t last_nr;
	struct gil_lock *lock;
	struct gil_file *file;
	struct file *filp;
	u32 nr;
	int ret;

	/* 0 is the global lock's. */
	do
		nr = atomic_inc_return(&last_nr);
	while (!nr);
	lock = gil_lock_create(nr, policy, interval_ns, grace_ns, recorder);
	if (IS_ERR(lock)) {
		gil_policy_put(policy);
		if (recorder)
			gil_recorder_put(recorder);
		return ERR_CAST(lock);
	}
	file = gil_file_create(lock, false);
	if (IS_ERR(file)) {
		gil_lock_put(lock);
		return ERR_CAST(file);
	}
	ret = gil_locks_add(lock, false);
	if (ret) {
		gil_file_close(file);
		return ERR_PTR(ret);
	}
	filp = anon_inode_getfile("[gil]", fops, file, O_RDWR);
	if (IS_ERR(filp)) {
		gil_locks_del(lock);
		gil_file_close(file);
	}
	return filp;
}

struct file *gil_file_like(struct file *filp)
{
	struct gil_file *file = filp->private_data;
	struct gil_lock *lock = file->lock;

	if (lock->recorder)
		gil_recorder_get(lock->recorder);
	return gil_file_new(filp->f_op, gil_lock_get_policy(lock),
			    gil_lock_interval(lock), gil_lock_grace(lock),
			    lock->recorder);
}
