// SPDX-License-Identifier: GPL-2.0
/*
 * Assignment 2: a character device, /dev/gil, that is a mutex. README.md says
 * what it must do. Only the marked functions are yours; you may add others.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include <linux/gil.h>

/* BEGIN SOLUTION */
/* Protects the two variables below. */
static DEFINE_SPINLOCK(guard);
static struct file *owner;	/* or NULL */
static bool owner_died;		/* while it was the owner, and nobody knows yet */
static DECLARE_WAIT_QUEUE_HEAD(waiters);

/* -EBUSY if the lock has another owner. */
static int take(struct file *file)
{
	int err = 0;

	spin_lock(&guard);
	if (owner == file) {
		err = -EDEADLK;
	} else if (owner) {
		err = -EBUSY;
	} else {
		owner = file;
		if (owner_died)
			err = -EOWNERDEAD;
		owner_died = false;
	}
	spin_unlock(&guard);
	return err;
}

/* -EPERM if @file is not the owner. */
static int give_up(struct file *file, bool died)
{
	int err = -EPERM;

	spin_lock(&guard);
	if (owner == file) {
		owner = NULL;
		owner_died = died;
		err = 0;
	}
	spin_unlock(&guard);
	if (!err)
		wake_up(&waiters);
	return err;
}

/* END SOLUTION */
/* GIL_IOC_ACQUIRE: yours. */
static long mutexdev_acquire(struct file *file, void __user *user)
{
	/* BEGIN SOLUTION */
	/* STUB: return -EBUSY; */
	struct gil_acquire request;
	int err, woken;

	if (copy_from_user(&request, user, sizeof(request)))
		return -EFAULT;
	if (request.flags & ~GIL_ACQUIRE_TRY || request.pad ||
	    request.deadline_ns)
		return -EINVAL;
	if (request.flags & GIL_ACQUIRE_TRY)
		return take(file);
	woken = wait_event_interruptible_exclusive(waiters,
						   (err = take(file)) != -EBUSY);
	return woken ?: err;
	/* END SOLUTION */
}

/* GIL_IOC_RELEASE: yours. */
static long mutexdev_release(struct file *file, void __user *user)
{
	/* BEGIN SOLUTION */
	/* STUB: return -EPERM; */
	struct gil_release request;

	if (copy_from_user(&request, user, sizeof(request)))
		return -EFAULT;
	if (request.flags || request.pad)
		return -EINVAL;
	return give_up(file, false);
	/* END SOLUTION */
}

/* The last descriptor of @file is gone, also because its process died: yours. */
static int mutexdev_closed(struct inode *inode, struct file *file)
{
	/* BEGIN SOLUTION */
	give_up(file, true);
	/* END SOLUTION */
	return 0;
}

static long mutexdev_ioctl(struct file *file, unsigned int request,
			   unsigned long argument)
{
	void __user *user = (void __user *)argument;

	switch (request) {
	case GIL_IOC_ACQUIRE:
		return mutexdev_acquire(file, user);
	case GIL_IOC_RELEASE:
		return mutexdev_release(file, user);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations mutexdev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = mutexdev_ioctl,
	.release = mutexdev_closed,
};

static struct miscdevice mutexdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gil",
	.fops = &mutexdev_fops,
	.mode = 0666,
};

module_misc_device(mutexdev);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Assignment 2: a device that is a mutex");
