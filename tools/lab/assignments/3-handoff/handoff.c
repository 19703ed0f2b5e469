// SPDX-License-Identifier: GPL-2.0
/*
 * Assignment 3: the device of assignment 2 with a fair queue. README.md says
 * what it must do. Only the marked functions are yours; you may add others.
 */
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <linux/gil.h>

/* BEGIN SOLUTION */
/* On the stack of the task that waits. */
struct waiter {
	struct list_head node;
	struct file *file;
	wait_queue_head_t wait;
	bool granted;
	bool after_death;
};

/* Protects all below, and the waiters in the queue. */
static DEFINE_SPINLOCK(guard);
static LIST_HEAD(waiters);	/* in order of arrival */
static struct file *holder;	/* or NULL, and then nobody waits */
static bool holder_died;	/* the last one, and nobody knows yet */

/* Make the first waiter the owner before it runs. */
static int pass_on(struct file *file, bool died)
{
	struct waiter *next;
	int err = -EPERM;

	spin_lock(&guard);
	if (holder == file) {
		next = list_first_entry_or_null(&waiters, struct waiter, node);
		holder = next ? next->file : NULL;
		holder_died = died && !next;
		if (next) {
			list_del(&next->node);
			next->after_death = died;
			WRITE_ONCE(next->granted, true);
			wake_up(&next->wait);
		}
		err = 0;
	}
	spin_unlock(&guard);
	return err;
}

static long wait_for_grant(struct waiter *waiter,
			   const struct gil_acquire *request)
{
	ktime_t deadline = min_t(u64, request->deadline_ns, KTIME_MAX);
	ktime_t left = KTIME_MAX;
	long err;

	if (request->flags & GIL_ACQUIRE_DEADLINE)
		left = max(0, ktime_sub(deadline, ktime_get()));
	err = wait_event_interruptible_hrtimeout(waiter->wait,
						 READ_ONCE(waiter->granted),
						 left);
	spin_lock(&guard);
	if (waiter->granted)
		err = waiter->after_death ? -EOWNERDEAD : 0;
	else
		list_del(&waiter->node);
	spin_unlock(&guard);
	return err == -ETIME ? -ETIMEDOUT : err;
}

/* END SOLUTION */
/* GIL_IOC_ACQUIRE: yours. */
static long handoff_acquire(struct file *file, void __user *user)
{
	/* BEGIN SOLUTION */
	/* STUB: return -EBUSY; */
	struct waiter waiter = { .file = file };
	struct gil_acquire request;
	int err = 0;

	if (copy_from_user(&request, user, sizeof(request)))
		return -EFAULT;
	if (request.pad ||
	    request.flags & ~(GIL_ACQUIRE_TRY | GIL_ACQUIRE_DEADLINE) ||
	    request.flags == (GIL_ACQUIRE_TRY | GIL_ACQUIRE_DEADLINE) ||
	    (!(request.flags & GIL_ACQUIRE_DEADLINE) && request.deadline_ns))
		return -EINVAL;
	init_waitqueue_head(&waiter.wait);
	spin_lock(&guard);
	if (holder == file) {
		err = -EDEADLK;
	} else if (!holder) {
		holder = file;
		err = holder_died ? -EOWNERDEAD : 0;
		holder_died = false;
	} else if (request.flags & GIL_ACQUIRE_TRY) {
		err = -EBUSY;
	} else {
		list_add_tail(&waiter.node, &waiters);
		err = -EINPROGRESS;
	}
	spin_unlock(&guard);
	if (err != -EINPROGRESS)
		return err;
	return wait_for_grant(&waiter, &request);
	/* END SOLUTION */
}

/* GIL_IOC_RELEASE: yours. */
static long handoff_release(struct file *file, void __user *user)
{
	/* BEGIN SOLUTION */
	/* STUB: return -EPERM; */
	struct gil_release request;

	if (copy_from_user(&request, user, sizeof(request)))
		return -EFAULT;
	if (request.flags || request.pad)
		return -EINVAL;
	return pass_on(file, false);
	/* END SOLUTION */
}

/* The last descriptor of @file is gone, also because its process died: yours. */
static int handoff_closed(struct inode *inode, struct file *file)
{
	/* BEGIN SOLUTION */
	pass_on(file, true);
	/* END SOLUTION */
	return 0;
}

static long handoff_ioctl(struct file *file, unsigned int request,
			  unsigned long argument)
{
	void __user *user = (void __user *)argument;

	switch (request) {
	case GIL_IOC_ACQUIRE:
		return handoff_acquire(file, user);
	case GIL_IOC_RELEASE:
		return handoff_release(file, user);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations handoff_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = handoff_ioctl,
	.release = handoff_closed,
};

static struct miscdevice handoff = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gil",
	.fops = &handoff_fops,
	.mode = 0666,
};

module_misc_device(handoff);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Assignment 3: fair handoff");
