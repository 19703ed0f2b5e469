/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Assignments 4 and 5: the device around your lock. This file is given.
 *
 * It makes /dev/gil, private locks (GIL_IOC_CREATE) and their pages, knows the
 * threads by their open file and task, copies and checks what user space passes,
 * and calls your functions. Define struct lab_lock and struct lab_thread before
 * you include it, and LAB_INTERVAL too if your lock has a switch interval.
 *
 * A thread ends with its task or with its open file, whichever is first. At that
 * time it is in none of your functions, and lab_ended() is called. A lock ends
 * after all its threads.
 */
#ifndef LAB_FRAME_H
#define LAB_FRAME_H

#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>

#define CREATE_TRACE_POINTS
#include "gil_trace.h"

#include "lab_tables.h"

/* Yours. They return 0 or an error number that is negative. */
static void lab_lock_begins(struct gil_lock *lock);
static void lab_thread_begins(struct gil_ctx *ctx);
static int lab_acquire(struct gil_ctx *ctx, const struct gil_acquire *request);
static int lab_release(struct gil_ctx *ctx, bool io);
/* The caller cannot sleep: in a task's exit interrupts are on, preemption off. */
static void lab_ended(struct gil_ctx *ctx);
#ifdef LAB_INTERVAL
static int lab_yield(struct gil_ctx *ctx);
static int lab_set_interval(struct gil_lock *lock, u64 ns);
/* No thread uses the lock any longer. Its memory is freed after this. */
static void lab_lock_ends(struct gil_lock *lock);
#endif

/* One open file. */
struct lab_file {
	struct gil_lock *lock;
	struct list_head threads;	/* under lock->attach */
	bool private;			/* the lock ends with the file */
};

static struct gil_lock *lab_global;

static int lab_lock_interval(struct gil_lock *lock, u64 ns)
{
#ifdef LAB_INTERVAL
	return lab_set_interval(lock, ns);
#else
	lock->interval_ns = ns;
	return 0;
#endif
}

static struct gil_lock *lab_lock_create(u64 interval_ns)
{
	static atomic_t locks;
	struct gil_lock *lock = kzalloc(sizeof(*lock), GFP_KERNEL);
	int err;

	if (!lock)
		return ERR_PTR(-ENOMEM);
	lock->page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!lock->page) {
		kfree(lock);
		return ERR_PTR(-ENOMEM);
	}
	lock->page->version = GIL_UAPI_VERSION;
	/* Only the ioctls take this lock, so its page may be read only. */
	lock->page->flags = GIL_PAGE_KERNEL_ONLY;
	lock->nr = atomic_fetch_inc(&locks);
	spin_lock_init(&lock->guard);
	mutex_init(&lock->attach);
	lab_lock_begins(lock);
	err = lab_lock_interval(lock, interval_ns ?: GIL_INTERVAL_DEFAULT_NS);
	if (err) {
		free_page((unsigned long)lock->page);
		kfree(lock);
		return ERR_PTR(err);
	}
	spin_lock(&lab_locks_guard);
	list_add_tail(&lock->of_all, &lab_locks);
	spin_unlock(&lab_locks_guard);
	return lock;
}

static void lab_lock_destroy(struct gil_lock *lock)
{
	spin_lock(&lab_locks_guard);
	list_del(&lock->of_all);
	spin_unlock(&lab_locks_guard);
#ifdef LAB_INTERVAL
	lab_lock_ends(lock);
#endif
	free_page((unsigned long)lock->page);
	kfree(lock);
}

static struct lab_file *lab_file_create(struct gil_lock *lock, bool private)
{
	struct lab_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return NULL;
	file->lock = lock;
	file->private = private;
	INIT_LIST_HEAD(&file->threads);
	return file;
}

static int lab_open(struct inode *inode, struct file *filp)
{
	filp->private_data = lab_file_create(lab_global, false);
	return filp->private_data ? 0 : -ENOMEM;
}

/* The caller holds lab_threads_guard. */
static void lab_thread_ends(struct gil_ctx *ctx)
{
	if (ctx->ended)
		return;
	ctx->ended = true;
	lab_ended(ctx);
}

static int lab_close(struct inode *inode, struct file *filp)
{
	struct lab_file *file = filp->private_data;
	struct gil_ctx *ctx, *next;

	list_for_each_entry_safe(ctx, next, &file->threads, of_file) {
		spin_lock(&lab_threads_guard);
		lab_thread_ends(ctx);
		list_del(&ctx->of_all);
		spin_unlock(&lab_threads_guard);
		mutex_lock(&file->lock->attach);
		file->lock->threads--;
		mutex_unlock(&file->lock->attach);
		put_task_struct(ctx->w.task);
		kfree(ctx);
	}
	if (file->private)
		lab_lock_destroy(file->lock);
	kfree(file);
	return 0;
}

/* The scheduler's trace event tells of each task that ends. */
static void lab_task_exits(void *unused, struct task_struct *task)
{
	struct gil_ctx *ctx;

	spin_lock(&lab_threads_guard);
	list_for_each_entry(ctx, &lab_threads, of_all)
		if (ctx->w.task == task)
			lab_thread_ends(ctx);
	spin_unlock(&lab_threads_guard);
}

/* The calling thread, as this open file knows it. */
static struct gil_ctx *lab_thread(struct lab_file *file)
{
	struct gil_lock *lock = file->lock;
	struct gil_ctx *ctx;

	mutex_lock(&lock->attach);
	list_for_each_entry(ctx, &file->threads, of_file)
		if (ctx->w.task == current)
			goto out;
	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		goto out;
	ctx->lock = lock;
	ctx->w.id = ++lock->last_id;
	ctx->w.task = get_task_struct(current);
	lock->threads++;
	lab_thread_begins(ctx);
	list_add(&ctx->of_file, &file->threads);
	spin_lock(&lab_threads_guard);
	list_add(&ctx->of_all, &lab_threads);
	spin_unlock(&lab_threads_guard);
out:
	mutex_unlock(&lock->attach);
	return ctx;
}

static int lab_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct lab_file *file = filp->private_data;

	if (vma->vm_pgoff || vma_pages(vma) != 1 ||
	    !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	return vm_insert_page(vma, vma->vm_start,
			      virt_to_page(file->lock->page));
}

static const struct file_operations lab_fops;

static long lab_create(void __user *user)
{
	struct gil_create args;
	struct gil_lock *lock;
	struct lab_file *file;
	int fd;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.flags || args.pad)
		return -EINVAL;
	if (args.policy[0] && strncmp(args.policy, "fifo", GIL_NAME_MAX))
		return -ENOENT;
	lock = lab_lock_create(args.interval_ns);
	if (IS_ERR(lock))
		return PTR_ERR(lock);
	file = lab_file_create(lock, true);
	fd = file ? anon_inode_getfd("[gil]", &lab_fops, file,
				     O_RDWR | O_CLOEXEC) : -ENOMEM;
	if (fd < 0) {
		kfree(file);
		lab_lock_destroy(lock);
	}
	return fd;
}

static long lab_attach(struct gil_ctx *ctx, void __user *user)
{
	struct gil_attach args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.flags)
		return -EINVAL;
	args.id = ctx->w.id;
	return copy_to_user(user, &args, sizeof(args)) ? -EFAULT : 0;
}

/* The flags that ask for a place in the queue after a signal are ignored. */
static long lab_check_acquire(struct gil_ctx *ctx, void __user *user)
{
	const u32 known = GIL_ACQUIRE_TRY | GIL_ACQUIRE_DEADLINE;
	struct gil_acquire args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	args.flags &= ~GIL_ACQUIRE_KEEP;
	if (args.pad || args.flags & ~known || args.flags == known ||
	    (!(args.flags & GIL_ACQUIRE_DEADLINE) && args.deadline_ns))
		return -EINVAL;
	return lab_acquire(ctx, &args);
}

static long lab_check_release(struct gil_ctx *ctx, void __user *user)
{
	struct gil_release args;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~GIL_RELEASE_IO || args.pad)
		return -EINVAL;
	return lab_release(ctx, args.flags & GIL_RELEASE_IO);
}

/* Copy a structure of @size to user space, which knows @args->size bytes of it. */
static long lab_give_stats(const struct gil_stats *args, const void *stats,
			   u32 size)
{
	void __user *to = u64_to_user_ptr(args->addr);
	u32 known = min(size, args->size);

	if (args->size > 4096)
		return -EINVAL;
	if (copy_to_user(to, stats, known) ||
	    clear_user(to + known, args->size - known))
		return -EFAULT;
	return 0;
}

static long lab_lock_stats(struct gil_lock *lock, const struct gil_stats *args)
{
	struct gil_lock_stats *stats = kzalloc(sizeof(*stats), GFP_KERNEL);
	unsigned long flags;
	long err;

	if (!stats)
		return -ENOMEM;
	stats->lock = lock->nr;
	stats->threads = lock->threads;
	strscpy(stats->policy, "fifo", sizeof(stats->policy));
	spin_lock_irqsave(&lock->guard, flags);
	stats->owner = lock->owner ? lock->owner->w.id : 0;
	stats->waiting = lock->q.waiting;
	stats->interval_ns = lock->interval_ns;
	stats->counts = lock->counts;
	spin_unlock_irqrestore(&lock->guard, flags);
	err = lab_give_stats(args, stats, sizeof(*stats));
	kfree(stats);
	return err;
}

static long lab_thread_stats(struct gil_ctx *ctx, const struct gil_stats *args)
{
	struct gil_thread_stats *stats;
	unsigned long flags;
	long err;

	if (args->id && args->id != ctx->w.id)
		return -ENOENT;
	stats = kzalloc(sizeof(*stats), GFP_KERNEL);
	if (!stats)
		return -ENOMEM;
	stats->id = ctx->w.id;
	stats->tid = task_pid_vnr(current);
	stats->tgid = task_tgid_vnr(current);
	get_task_comm(stats->comm, current);
	stats->lock = ctx->lock->nr;
	spin_lock_irqsave(&ctx->lock->guard, flags);
	stats->state = ctx->state;
	stats->counts = ctx->counts;
	spin_unlock_irqrestore(&ctx->lock->guard, flags);
	err = lab_give_stats(args, stats, sizeof(*stats));
	kfree(stats);
	return err;
}

static long lab_stats(struct lab_file *file, unsigned int request,
		      void __user *user)
{
	struct gil_stats args;
	struct gil_ctx *ctx;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	if (request == GIL_IOC_LOCK_STATS)
		return args.id ? -EINVAL : lab_lock_stats(file->lock, &args);
	ctx = lab_thread(file);
	return ctx ? lab_thread_stats(ctx, &args) : -ENOMEM;
}

static long lab_settings(struct gil_lock *lock, unsigned int request,
			 void __user *user)
{
	struct gil_policy policy = { .name = "fifo" };
	u64 ns = READ_ONCE(lock->interval_ns);

	if (request == GIL_IOC_GET_POLICY)
		return copy_to_user(user, &policy, sizeof(policy)) ? -EFAULT : 0;
	if (request == GIL_IOC_GET_INTERVAL)
		return copy_to_user(user, &ns, sizeof(ns)) ? -EFAULT : 0;
	if (copy_from_user(&ns, user, sizeof(ns)))
		return -EFAULT;
	return lab_lock_interval(lock, ns);
}

static long lab_ioctl(struct file *filp, unsigned int request,
		      unsigned long argument)
{
	void __user *user = (void __user *)argument;
	struct lab_file *file = filp->private_data;
	struct gil_ctx *ctx;

	switch (request) {
	case GIL_IOC_CREATE:
		return lab_create(user);
	case GIL_IOC_LOCK_STATS:
	case GIL_IOC_THREAD_STATS:
		return lab_stats(file, request, user);
	case GIL_IOC_GET_POLICY:
	case GIL_IOC_GET_INTERVAL:
	case GIL_IOC_SET_INTERVAL:
		return lab_settings(file->lock, request, user);
	}
	ctx = lab_thread(file);
	if (!ctx)
		return -ENOMEM;
	switch (request) {
	case GIL_IOC_ATTACH:
		return lab_attach(ctx, user);
	case GIL_IOC_ACQUIRE:
		return lab_check_acquire(ctx, user);
	case GIL_IOC_RELEASE:
		return lab_check_release(ctx, user);
#ifdef LAB_INTERVAL
	case GIL_IOC_YIELD:
		return lab_yield(ctx);
#endif
	default:
		return -ENOTTY;
	}
}

static const struct file_operations lab_fops = {
	.owner = THIS_MODULE,
	.open = lab_open,
	.release = lab_close,
	.mmap = lab_mmap,
	.unlocked_ioctl = lab_ioctl,
};

static struct miscdevice lab_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gil",
	.fops = &lab_fops,
	.mode = 0666,
};

static struct tracepoint *lab_exit_event;

static void lab_match_event(struct tracepoint *event, void *unused)
{
	if (!strcmp(event->name, "sched_process_exit"))
		lab_exit_event = event;
}

static int __init lab_init(void)
{
	int err;

	lab_global = lab_lock_create(0);
	if (IS_ERR(lab_global))
		return PTR_ERR(lab_global);
	for_each_kernel_tracepoint(lab_match_event, NULL);
	err = lab_exit_event ?
		tracepoint_probe_register(lab_exit_event, lab_task_exits, NULL) :
		-EOPNOTSUPP;
	if (err)
		goto err_lock;
	err = misc_register(&lab_device);
	if (err)
		goto err_probe;
	lab_tables_begin();
	return 0;

err_probe:
	tracepoint_probe_unregister(lab_exit_event, lab_task_exits, NULL);
	tracepoint_synchronize_unregister();
err_lock:
	lab_lock_destroy(lab_global);
	return err;
}

static void __exit lab_exit(void)
{
	lab_tables_end();
	misc_deregister(&lab_device);
	tracepoint_probe_unregister(lab_exit_event, lab_task_exits, NULL);
	tracepoint_synchronize_unregister();
	lab_lock_destroy(lab_global);
}

module_init(lab_init);
module_exit(lab_exit);

#endif /* LAB_FRAME_H */
