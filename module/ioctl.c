// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls: copy in, validate, call, copy out.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "acquire.h"
#include "bind.h"
#include "context.h"
#include "create.h"
#include "ioctl.h"
#include "lock.h"
#include "params.h"
#include "policy.h"
#include "record.h"
#include "stats.h"
#include "timens.h"

/* The stats structures grow at their ends. The first versions ended here. */
#define GIL_LOCK_STATS_SIZE_1	offsetof(struct gil_lock_stats, grace_ns)
#define GIL_THREAD_STATS_SIZE_1	offsetof(struct gil_thread_stats, lock)
#define GIL_STATS_SIZE_MAX	4096

/* All users share the global lock, so its settings need a privilege. */
static bool gil_may_set(const struct gil_file *file)
{
	return !file->global || capable(CAP_SYS_ADMIN);
}

/* The caller puts the policy. EINVAL: not terminated; ENOENT: none such. */
static const struct gil_policy_ops *gil_policy_by_user(const char *name)
{
	const struct gil_policy_ops *policy;

	if (strnlen(name, GIL_NAME_MAX) == GIL_NAME_MAX)
		return ERR_PTR(-EINVAL);
	policy = gil_policy_get(name);
	return policy ? policy : ERR_PTR(-ENOENT);
}

/* The file for GIL_IOC_CREATE. @args have been validated. */
static struct file *gil_create_file(const struct file_operations *fops,
				    const struct gil_create *args)
{
	struct gil_recorder *recorder = NULL;
	const struct gil_policy_ops *policy;

	policy = args->policy[0] ? gil_policy_by_user(args->policy) :
				   gil_default_policy();
	if (IS_ERR(policy))
		return ERR_CAST(policy);
	if (args->flags & GIL_CREATE_RECORD) {
		recorder = gil_recorder_create();
		if (!recorder) {
			gil_policy_put(policy);
			return ERR_PTR(-ENOMEM);
		}
	}
	return gil_file_new(fops, policy, args->interval_ns,
			    gil_default_grace_ns(), recorder);
}

static long gil_ioc_create(const struct file_operations *fops,
			   void __user *argp)
{
	struct gil_create args;
	struct file *filp;
	int fd;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~GIL_CREATE_RECORD || args.pad)
		return -EINVAL;
	if (!args.interval_ns)
		args.interval_ns = gil_default_interval_ns();
	if (args.interval_ns < GIL_INTERVAL_MIN_NS ||
	    args.interval_ns > GIL_INTERVAL_MAX_NS)
		return -EINVAL;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	filp = gil_create_file(fops, &args);
	if (IS_ERR(filp)) {
		put_unused_fd(fd);
		return PTR_ERR(filp);
	}
	fd_install(fd, filp);
	return fd;
}

static long gil_ioc_attach(struct gil_file *file, void __user *argp)
{
	struct gil_attach args, out = {};
	struct gil_ctx *ctx;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	if (args.flags)
		return -EINVAL;
	/* Fail on a bad pointer now, before there is a context. */
	if (copy_to_user(argp, &out, sizeof(out)))
		return -EFAULT;

	ctx = gil_ctx_attach(file);
	if (IS_ERR(ctx)) {
		/* They have not been counted, so give them back. */
		if (copy_to_user(argp, &args, sizeof(args)))
			return -EFAULT;
		return PTR_ERR(ctx);
	}
	gil_add_fast(ctx, args.fast_acquires, args.fast_io_releases);
	out.id = ctx->w.id;
	return copy_to_user(argp, &out, sizeof(out)) ? -EFAULT : 0;
}

static bool gil_acquire_args_valid(const struct gil_acquire *args)
{
	const u32 known = GIL_ACQUIRE_TRY | GIL_ACQUIRE_ENQUEUE |
			  GIL_ACQUIRE_DEADLINE | GIL_ACQUIRE_KEEP |
			  GIL_ACQUIRE_RESUME;
	u32 flags = args->flags;

	if (args->pad || flags & ~known)
		return false;
	if (flags & GIL_ACQUIRE_TRY && flags != GIL_ACQUIRE_TRY)
		return false;
	if (flags & GIL_ACQUIRE_ENQUEUE && flags & GIL_ACQUIRE_DEADLINE)
		return false;
	return flags & GIL_ACQUIRE_DEADLINE || !args->deadline_ns;
}

/*
 * The caller's context for an acquire. A request that is resumed after a signal
 * must still be queued.
 */
static struct gil_ctx *gil_acquire_ctx(struct gil_file *file, u32 flags)
{
	struct gil_ctx *ctx;

	if (!(flags & GIL_ACQUIRE_RESUME))
		return gil_ctx_attach(file);
	ctx = gil_ctx_find(file);
	return ctx ? ctx : ERR_PTR(-ENOENT);
}

static long gil_ioc_acquire(struct gil_file *file, void __user *argp)
{
	struct gil_acquire __user *uargs = argp;
	struct gil_acquire args;
	struct gil_ctx *ctx;
	bool has_counts;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	if (!gil_acquire_args_valid(&args))
		return -EINVAL;
	has_counts = args.fast_acquires || args.fast_io_releases;
	if (has_counts && (put_user(0, &uargs->fast_acquires) ||
			   put_user(0, &uargs->fast_io_releases)))
		return -EFAULT;

	ctx = gil_acquire_ctx(file, args.flags);
	if (IS_ERR(ctx)) {
		/* They have not been counted, so give them back. */
		if (has_counts && copy_to_user(argp, &args, sizeof(args)))
			return -EFAULT;
		return PTR_ERR(ctx);
	}
	if (args.flags & GIL_ACQUIRE_RESUME)
		args.flags |= GIL_ACQUIRE_KEEP_INTR;
	if (has_counts)
		gil_add_fast(ctx, args.fast_acquires, args.fast_io_releases);
	return gil_op_acquire(ctx, args.flags,
			      gil_time_from_user(args.deadline_ns));
}

static long gil_ioc_release(struct gil_file *file, void __user *argp)
{
	struct gil_release args;
	struct gil_ctx *ctx;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	if (args.pad || args.flags & ~(GIL_RELEASE_IO | GIL_RELEASE_LAZY))
		return -EINVAL;

	ctx = gil_ctx_find(file);
	if (!ctx)
		return args.flags & GIL_RELEASE_LAZY ? -EINVAL : -EPERM;
	return gil_op_release(ctx, args.flags & GIL_RELEASE_IO ?
				GIL_REASON_IO : GIL_REASON_EXPLICIT,
			   args.flags & GIL_RELEASE_LAZY);
}

static long gil_ioc_yield(struct gil_file *file)
{
	struct gil_ctx *ctx = gil_ctx_find(file);

	return ctx ? gil_op_yield(ctx) : -EPERM;
}

static long gil_ioc_cancel(struct gil_file *file)
{
	struct gil_ctx *ctx = gil_ctx_find(file);

	return ctx ? gil_op_cancel(ctx) : -ENOENT;
}

/* Copy in and validate. User space has room for at least @min bytes. */
static int gil_stats_args(struct gil_stats *args, void __user *argp,
			  size_t min)
{
	if (copy_from_user(args, argp, sizeof(*args)))
		return -EFAULT;
	if (args->size < min || args->size > GIL_STATS_SIZE_MAX)
		return -EINVAL;
	return 0;
}

static int gil_stats_out(const struct gil_stats *args, const void *stats,
			 size_t size)
{
	void __user *to = u64_to_user_ptr(args->addr);

	size = min_t(size_t, size, args->size);
	if (copy_to_user(to, stats, size))
		return -EFAULT;
	if (clear_user(to + size, args->size - size))
		return -EFAULT;
	return 0;
}

static long gil_ioc_lock_stats(struct gil_file *file, void __user *argp)
{
	struct gil_lock_stats *stats;
	struct gil_stats args;
	int ret;

	ret = gil_stats_args(&args, argp, GIL_LOCK_STATS_SIZE_1);
	if (ret)
		return ret;
	if (args.id)
		return -EINVAL;
	stats = kmalloc(sizeof(*stats), GFP_KERNEL);
	if (!stats)
		return -ENOMEM;
	gil_lock_snapshot(file->lock, stats);
	ret = gil_stats_out(&args, stats, sizeof(*stats));
	kfree(stats);
	return ret;
}

/* ENOENT: no such thread; EPERM: the caller may not see it. */
static int gil_thread_stats_by_id(struct gil_file *file, u32 id,
				  struct gil_thread_stats *stats)
{
	struct gil_lock *lock = file->lock;
	struct gil_ctx *ctx;
	int ret = 0;

	mutex_lock(&lock->attach);
	ctx = id ? xa_load(&lock->ids, id) : gil_ctx_find(file);
	if (!ctx)
		ret = -ENOENT;
	else if (!same_thread_group(ctx->w.task, current) && !gil_may_set(file))
		ret = -EPERM;
	else
		gil_thread_snapshot(ctx, stats);
	mutex_unlock(&lock->attach);
	return ret;
}

static long gil_ioc_thread_stats(struct gil_file *file, void __user *argp)
{
	struct gil_thread_stats *stats;
	struct gil_stats args;
	int ret;

	ret = gil_stats_args(&args, argp, GIL_THREAD_STATS_SIZE_1);
	if (ret)
		return ret;
	stats = kmalloc(sizeof(*stats), GFP_KERNEL);
	if (!stats)
		return -ENOMEM;
	ret = gil_thread_stats_by_id(file, args.id, stats);
	if (!ret)
		ret = gil_stats_out(&args, stats, sizeof(*stats));
	kfree(stats);
	return ret;
}

static long gil_ioc_get_ns(u64 ns, void __user *argp)
{
	return copy_to_user(argp, &ns, sizeof(ns)) ? -EFAULT : 0;
}

static long gil_ioc_set_ns(struct gil_file *file, void __user *argp, u64 min,
			   u64 max, void (*set)(struct gil_lock *lock, u64 ns))
{
	u64 ns;

	if (copy_from_user(&ns, argp, sizeof(ns)))
		return -EFAULT;
	if (ns < min || ns > max)
		return -EINVAL;
	if (!gil_may_set(file))
		return -EPERM;
	set(file->lock, ns);
	return 0;
}

static long gil_ioc_get_policy(struct gil_file *file, void __user *argp)
{
	const struct gil_policy_ops *policy = gil_lock_get_policy(file->lock);
	struct gil_policy args = {};

	strscpy(args.name, policy->name, sizeof(args.name));
	gil_policy_put(policy);
	return copy_to_user(argp, &args, sizeof(args)) ? -EFAULT : 0;
}

static long gil_ioc_set_policy(struct gil_file *file, void __user *argp)
{
	const struct gil_policy_ops *policy;
	struct gil_policy args;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	policy = gil_policy_by_user(args.name);
	if (IS_ERR(policy))
		return PTR_ERR(policy);
	if (!gil_may_set(file)) {
		gil_policy_put(policy);
		return -EPERM;
	}
	gil_lock_set_policy(file->lock, policy);
	return 0;
}

static bool gil_bind_args_valid(const struct gil_bind *args)
{
	const u32 known = GIL_BIND_IO | GIL_BIND_SLICE | GIL_BIND_INHERIT |
			  GIL_BIND_PER_PROCESS;

	if (args->pad || args->flags & ~known || !(args->flags & GIL_BIND_IO))
		return false;
	return args->flags & GIL_BIND_INHERIT ||
	       !(args->flags & GIL_BIND_PER_PROCESS);
}

static long gil_ioc_bind(struct file *filp, void __user *argp)
{
	struct gil_bind args;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	if (!gil_bind_args_valid(&args))
		return -EINVAL;
	return gil_op_bind(filp, args.flags);
}

/* Is this a request that uses the lock or changes it, and not only looks? */
static bool gil_ioc_writes(unsigned int cmd)
{
	switch (cmd) {
	case GIL_IOC_ATTACH:
	case GIL_IOC_ACQUIRE:
	case GIL_IOC_RELEASE:
	case GIL_IOC_YIELD:
	case GIL_IOC_CANCEL:
	case GIL_IOC_SET_INTERVAL:
	case GIL_IOC_SET_POLICY:
	case GIL_IOC_BIND:
	case GIL_IOC_UNBIND:
	case GIL_IOC_SET_GRACE:
		return true;
	default:
		return false;
	}
}

long gil_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct gil_file *file = filp->private_data;
	void __user *argp = (void __user *)arg;

	if (gil_ioc_writes(cmd) && !(filp->f_mode & FMODE_WRITE))
		return -EBADF;

	switch (cmd) {
	case GIL_IOC_CREATE:
		return gil_ioc_create(filp->f_op, argp);
	case GIL_IOC_ATTACH:
		return gil_ioc_attach(file, argp);
	case GIL_IOC_ACQUIRE:
		return gil_ioc_acquire(file, argp);
	case GIL_IOC_RELEASE:
		return gil_ioc_release(file, argp);
	case GIL_IOC_YIELD:
		return gil_ioc_yield(file);
	case GIL_IOC_CANCEL:
		return gil_ioc_cancel(file);
	case GIL_IOC_LOCK_STATS:
		return gil_ioc_lock_stats(file, argp);
	case GIL_IOC_THREAD_STATS:
		return gil_ioc_thread_stats(file, argp);
	case GIL_IOC_GET_INTERVAL:
		return gil_ioc_get_ns(gil_lock_interval(file->lock), argp);
	case GIL_IOC_SET_INTERVAL:
		return gil_ioc_set_ns(file, argp, GIL_INTERVAL_MIN_NS,
				      GIL_INTERVAL_MAX_NS,
				      gil_lock_set_interval);
	case GIL_IOC_GET_POLICY:
		return gil_ioc_get_policy(file, argp);
	case GIL_IOC_SET_POLICY:
		return gil_ioc_set_policy(file, argp);
	case GIL_IOC_BIND:
		return gil_ioc_bind(filp, argp);
	case GIL_IOC_UNBIND:
		return gil_op_unbind(filp);
	case GIL_IOC_GET_GRACE:
		return gil_ioc_get_ns(gil_lock_grace(file->lock), argp);
	case GIL_IOC_SET_GRACE:
		return gil_ioc_set_ns(file, argp, 0, GIL_GRACE_MAX_NS,
				      gil_lock_set_grace);
	default:
		return -ENOTTY;
	}
}
