// SPDX-License-Identifier: GPL-2.0
/*
 * The file operations of /dev/gil and of private locks, and the device itself.
 */
#include <linux/err.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "acquire.h"
#include "compat.h"
#include "context.h"
#include "init.h"
#include "ioctl.h"
#include "lock.h"
#include "locks.h"
#include "params.h"
#include "policy.h"
#include "record.h"
#include "stats.h"

/* gil_chardev_exit() drops the module's own reference. */
static struct gil_lock *gil_global;

static int gil_fop_open(struct inode *inode, struct file *filp)
{
	struct gil_file *file;

	gil_lock_get(gil_global);
	file = gil_file_create(gil_global, true);
	if (IS_ERR(file)) {
		gil_lock_put(gil_global);
		return PTR_ERR(file);
	}
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

static int gil_fop_close(struct inode *inode, struct file *filp)
{
	struct gil_file *file = filp->private_data;

	if (!file->global)
		gil_locks_del(file->lock);
	gil_file_close(file);
	return 0;
}

static int gil_fop_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct gil_file *file = filp->private_data;

	if (vma->vm_pgoff || vma_pages(vma) != 1 ||
	    !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	vm_flags_clear(vma, VM_MAYEXEC);
	if (file->global) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	return vm_insert_page(vma, vma->vm_start,
			      virt_to_page(file->lock->page));
}

/* Readable: the calling thread has been granted the lock. gil_granted() wakes. */
static __poll_t gil_fop_poll(struct file *filp, poll_table *wait)
{
	struct gil_file *file = filp->private_data;
	__poll_t ready = 0;
	struct gil_ctx *ctx;

	poll_wait(filp, &file->pollers, wait);
	ctx = gil_ctx_find(file);
	if (ctx && gil_is_granted(ctx))
		ready = EPOLLIN | EPOLLRDNORM;
	if (file->lock->recorder)
		ready |= gil_recorder_poll(file->lock->recorder, filp, wait);
	return ready;
}

static ssize_t gil_fop_read(struct file *filp, char __user *buf, size_t len,
			    loff_t *pos)
{
	struct gil_file *file = filp->private_data;

	if (!file->lock->recorder)
		return -EINVAL;
	return gil_recorder_read(file->lock->recorder, filp, buf, len);
}

#ifdef CONFIG_PROC_FS
static void gil_show_counts(struct seq_file *seq, const struct gil_counts *c)
{
	seq_printf(seq, " fast=%llu slow=%llu contended=%llu handoffs=%llu io=%llu yields=%llu forced=%llu deaths=%llu wait_ns=%llu hold_ns=%llu\n",
		   c->fast_acquires, c->slow_acquires, c->contended,
		   c->handoffs, c->io_releases, c->yields, c->forced_switches,
		   c->owner_deaths, c->wait.total_ns, c->hold.total_ns);
}

/* One line for the lock, and one for each thread that uses this file. */
static void gil_show_fdinfo(struct seq_file *seq, struct file *filp)
{
	struct gil_file *file = filp->private_data;
	struct gil_thread_stats *thread;
	struct gil_lock_stats *lock;
	struct gil_ctx *ctx;

	lock = kmalloc(sizeof(*lock), GFP_KERNEL);
	thread = kmalloc(sizeof(*thread), GFP_KERNEL);
	if (!lock || !thread)
		goto out;

	gil_lock_snapshot(file->lock, lock);
	seq_printf(seq, "gil-lock:\t%u owner=%u waiting=%u policy=%s interval_ns=%llu",
		   lock->lock, lock->owner, lock->waiting, lock->policy,
		   lock->interval_ns);
	gil_show_counts(seq, &lock->counts);

	mutex_lock(&file->lock->attach);
	list_for_each_entry(ctx, &file->contexts, file_node) {
		gil_thread_snapshot(ctx, thread);
		seq_printf(seq, "gil-thread:\t%u tid=%u state=%u", thread->id,
			   thread->tid, thread->state);
		gil_show_counts(seq, &thread->counts);
		if (seq_has_overflowed(seq))
			break;
	}
	mutex_unlock(&file->lock->attach);
out:
	kfree(thread);
	kfree(lock);
}
#endif

static const struct file_operations gil_fops = {
	.owner = THIS_MODULE,
	.open = gil_fop_open,
	.release = gil_fop_close,
	.mmap = gil_fop_mmap,
	.poll = gil_fop_poll,
	.read = gil_fop_read,
	.unlocked_ioctl = gil_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
#ifdef CONFIG_PROC_FS
	.show_fdinfo = gil_show_fdinfo,
#endif
};

static struct miscdevice gil_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gil",
	.fops = &gil_fops,
};

int gil_chardev_init(umode_t mode)
{
	const struct gil_policy_ops *policy = gil_default_policy();
	int ret;

	gil_global = gil_lock_create(0, policy, gil_default_interval_ns(),
				     gil_default_grace_ns(), NULL);
	if (IS_ERR(gil_global)) {
		gil_policy_put(policy);
		return PTR_ERR(gil_global);
	}
	ret = gil_locks_add(gil_global, true);
	if (ret)
		goto err_put;

	gil_misc.mode = mode;
	ret = misc_register(&gil_misc);
	if (ret)
		goto err_del;
	return 0;

err_del:
	gil_locks_del(gil_global);
err_put:
	gil_lock_put(gil_global);
	return ret;
}

void gil_chardev_exit(void)
{
	misc_deregister(&gil_misc);
	gil_locks_del(gil_global);
	gil_lock_put(gil_global);
}
