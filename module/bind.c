// SPDX-License-Identifier: GPL-2.0
/*
 * How a task is hooked, so that it cannot run in user mode without its lock.
 *
 * A preempt notifier is called when the scheduler switches away from the thread
 * and back to it. If the thread blocks, the notifier calls gil_blocks(). If the
 * thread runs on and needs the lock, the notifier queues a task work, which the
 * kernel runs before the thread is in user mode, whatever the thread was doing.
 * It also runs such works earlier in some places: before a thread stops for a
 * debugger or is frozen, and while a thread waits for io_uring, which exec does
 * too, holding cred_guard_mutex. There the thread may wait for the lock as well.
 * The timer that asks an owner to give way queues the same work. So the thread
 * passes gil_come_back() between any loss of the lock, or request to give it up,
 * and its next instruction in user mode.
 *
 * A queued work cannot be withdrawn. So it has a reference to the hook. The hook
 * has references to the context and to the open file, and the file keeps the
 * module loaded, even after the file's last descriptor has been closed.
 *
 * A child is bound by a task work of its own (struct gil_birth), which the
 * parent queues before the child first runs. There the child may sleep and
 * allocate.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include "bind.h"
#include "blocking.h"
#include "compat.h"
#include "context.h"
#include "create.h"
#include "record.h"
#include "yield.h"

static u32 gil_bind_offered;		/* GIL_BIND_*; constant after init */

void gil_bind_init(enum gil_level level)
{
	const char *obstacle = gil_bind_obstacle();

	if (obstacle) {
		pr_warn("the levels above manual are off, because this kernel %s\n",
			obstacle);
		return;
	}
	if (level >= GIL_LEVEL_AUTO_IO)
		gil_bind_offered |= GIL_BIND_IO | GIL_BIND_INHERIT |
				    GIL_BIND_PER_PROCESS;
	if (level >= GIL_LEVEL_ENFORCED)
		gil_bind_offered |= GIL_BIND_SLICE;
	else
		pr_info("the levels above %s are off, because of the module's parameter level\n",
			level == GIL_LEVEL_MANUAL ? "manual" : "auto-io");
}

#ifdef GIL_CAN_BIND

/*
 * The hook of a bound thread, which makes it. It has one reference for being
 * bound and one for a queued work; the last one frees it.
 */
struct gil_hook {
	struct gil_binding binding;
	struct kref ref;

	/* Constant. */
	struct gil_ctx *ctx;		/* a reference */
	struct file *filp;		/* a reference */

	atomic_t queued;		/* @work is queued, or is about to be */
	struct callback_head work;

	/* Only the thread uses these. */
	struct gil_birth *spare;	/* for the next child; see gil_bind_fork() */
	struct preempt_notifier notifier;
	bool ending;			/* the work is to unbind the thread */
	bool ended;			/* the notifier is off */
};

/* The hook of a bound context. */
static struct gil_hook *gil_hook_of(struct gil_ctx *ctx)
{
	return container_of(ctx->binding, struct gil_hook, binding);
}

/* When a child that could not be bound for a shortage tries again, in jiffies. */
#define GIL_BIRTH_RETRY		(HZ / 50 + 1)

/* A child that is to be bound. Its work frees this. */
struct gil_birth {
	struct callback_head work;
	struct file *filp;		/* a reference */
	u32 bind;
	bool new_lock;
};

/* Has a thread ever been bound? The kernel's notifiers are on since then. */
static bool gil_bind_used;
static DEFINE_MUTEX(gil_bind_used_mutex);

static void gil_hook_free(struct kref *ref)
{
	struct gil_hook *hook = container_of(ref, struct gil_hook, ref);

	gil_ctx_put(hook->ctx);
	fput(hook->filp);
	kfree(hook->spare);
	kfree(hook);
}

static void gil_hook_put(struct gil_hook *hook)
{
	kref_put(&hook->ref, gil_hook_free);
}

static void gil_bind_notify(struct gil_ctx *ctx)
{
	struct gil_hook *hook = gil_hook_of(ctx);

	if (atomic_xchg(&hook->queued, 1))
		return;
	kref_get(&hook->ref);
	if (!task_work_add(ctx->w.task, &hook->work, GIL_TWA_LOCKED))
		return;
	/* The thread exits, and will not return to user mode. */
	atomic_set(&hook->queued, 0);
	gil_hook_put(hook);
}

/*
 * Called by the thread itself, which may be the owner. Without lock->lock this
 * could happen:
 *
 *	the thread			the timer, on another CPU
 *
 *					lock lock->lock
 *					notify: @queued = 1
 *	@ending = true
 *	notify: @queued is 1, so return
 *	go on to user mode, bound
 *					task_work_add()
 *
 * Taking lock->lock waits until the work really is queued.
 */
static void gil_bind_notify_self(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock->lock, flags);
	gil_bind_notify(ctx);
	raw_spin_unlock_irqrestore(&lock->lock, flags);
}

static void gil_sched_out(struct preempt_notifier *notifier,
			  struct task_struct *next)
{
	struct gil_hook *hook = container_of(notifier, struct gil_hook,
					     notifier);

	if (gil_task_blocks(current))
		gil_blocks(hook->ctx);
	else
		gil_preempted(hook->ctx);
}

static void gil_sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct gil_hook *hook = container_of(notifier, struct gil_hook,
					     notifier);

	gil_runs_on(hook->ctx);
	if (gil_is_away(hook->ctx))
		gil_bind_notify(hook->ctx);
}

static struct preempt_ops gil_preempt_ops = {
	.sched_in = gil_sched_in,
	.sched_out = gil_sched_out,
};

/* Preemption walks the thread's own list of notifiers, so keep it off. */
static void gil_notifier_on(struct gil_hook *hook)
{
	preempt_notifier_init(&hook->notifier, &gil_preempt_ops);
	preempt_disable();
	preempt_notifier_register(&hook->notifier);
	preempt_enable();
}

static void gil_notifier_off(struct gil_hook *hook)
{
	preempt_disable();
	preempt_notifier_unregister(&hook->notifier);
	preempt_enable();
}

/*
 * Is the thread not to return to user mode? The flags count too, because SIGKILL
 * may already have been dequeued.
 */
static bool gil_is_ending(void)
{
	return current->flags & (PF_EXITING | PF_SIGNALED | PF_POSTCOREDUMP) ||
	       fatal_signal_pending(current);
}

/*
 * The kernel runs the works of a thread newest first, and this one may wait for
 * the lock. A work that was queued before it may be the close of a pipe's last
 * write end, which the lock's owner may wait for. So let all other works run
 * before this one waits: queue it again if there are others. task_work_run()
 * takes the whole list, runs it, and starts again until the list is empty. So
 * the thread passes here again before it is in user mode, and by then those
 * others have run. That ends, because no other work of the kernel queues itself
 * again from within its own function.
 *
 * @next must be read while @queued is still 1, because from then on another CPU
 * may queue the work. But clear @queued before anything else, so that a request
 * that comes too late for this run queues the work again. If @queued were
 * cleared last, this could happen:
 *
 *	the thread			the timer, on another CPU
 *
 *	gil_come_back(): not asked
 *					gil_ask(): asked = true
 *					notify: @queued is 1, so return
 *	@queued = 0
 *	go on to user mode, though asked
 */
static void gil_bind_work(struct callback_head *work)
{
	struct gil_hook *hook = container_of(work, struct gil_hook, work);
	bool others = work->next;

	atomic_xchg(&hook->queued, 0);
	if (hook->ended) {
		/* The thread is no longer bound, or exits. */
	} else if (hook->ending) {
		gil_notifier_off(hook);
		hook->ended = true;
		gil_clear_bound(hook->ctx);
		gil_yield_unwatch();
		gil_hook_put(hook);
	} else if (gil_is_ending()) {
		/* The thread will not be in user mode again. */
	} else if (!hook->spare) {
		/* It has forked. The rest of this function comes after that. */
		hook->spare = kmalloc(sizeof(*hook->spare), GFP_KERNEL_ACCOUNT |
				      __GFP_NOFAIL);
		gil_bind_notify_self(hook->ctx);
	} else if (others || task_work_pending(current)) {
		gil_bind_notify_self(hook->ctx);
	} else {
		gil_come_back(hook->ctx);
	}
	gil_hook_put(hook);
}

static void gil_bind_use(void)
{
	mutex_lock(&gil_bind_used_mutex);
	if (!gil_bind_used)
		preempt_notifier_inc();
	gil_bind_used = true;
	mutex_unlock(&gil_bind_used_mutex);
}

/* No work does anything from here on. gil_bind_reap() does what may sleep. */
static void gil_bind_exit(struct gil_ctx *ctx)
{
	struct gil_hook *hook = gil_hook_of(ctx);

	gil_notifier_off(hook);
	hook->ended = true;
}

static void gil_bind_reap(struct gil_ctx *ctx)
{
	struct gil_hook *hook = gil_hook_of(ctx);

	gil_clear_bound(ctx);
	gil_yield_unwatch();
	gil_hook_put(hook);
}

static const struct gil_binding_ops gil_hook_ops = {
	.notify = gil_bind_notify,
	.exit = gil_bind_exit,
	.reap = gil_bind_reap,
};

static int gil_bind_new(struct gil_ctx *ctx, struct file *filp, u32 bind)
{
	struct gil_hook *hook;

	hook = kzalloc(sizeof(*hook), GFP_KERNEL_ACCOUNT);
	if (!hook)
		return -ENOMEM;
	hook->spare = kmalloc(sizeof(*hook->spare), GFP_KERNEL_ACCOUNT);
	if (!hook->spare) {
		kfree(hook);
		return -ENOMEM;
	}
	gil_bind_use();
	gil_yield_watch();

	hook->binding.ops = &gil_hook_ops;
	kref_init(&hook->ref);
	hook->ctx = ctx;
	gil_ctx_get(ctx);
	hook->filp = get_file(filp);
	init_task_work(&hook->work, gil_bind_work);
	gil_set_bound(ctx, &hook->binding, bind);
	gil_notifier_on(hook);
	gil_bind_notify_self(ctx);
	return 0;
}

int gil_op_bind(struct file *filp, u32 bind)
{
	struct gil_file *file = filp->private_data;
	struct gil_ctx *ctx, *bound;

	if (bind & ~gil_bind_offered)
		return -EOPNOTSUPP;
	bound = gil_ctx_find_bound();
	if (bound && bound->file != file)
		return -EBUSY;
	if (bound) {
		gil_set_bound(bound, bound->binding, bind);
		gil_bind_notify_self(bound);
		return 0;
	}
	if (gil_thread_has_other_ctx(file))
		return -EBUSY;
	ctx = gil_ctx_attach(file);
	return IS_ERR(ctx) ? PTR_ERR(ctx) : gil_bind_new(ctx, filp, bind);
}

int gil_op_unbind(struct file *filp)
{
	struct gil_ctx *bound = gil_ctx_find_bound();

	if (!bound || bound->file != filp->private_data)
		return -ENOENT;
	gil_hook_of(bound)->ending = true;
	gil_bind_notify_self(bound);
	return 0;
}

void gil_bind_exec_privileged(void)
{
	struct gil_ctx *bound = gil_ctx_find_bound();

	if (bound) {
		gil_hook_of(bound)->ending = true;
		gil_bind_notify_self(bound);
	}
}

/* Give the child a lock of its own: replace the birth's file. */
static int gil_birth_lock(struct gil_birth *birth)
{
	struct file *filp = gil_file_like(birth->filp);

	if (IS_ERR(filp))
		return PTR_ERR(filp);
	fput(birth->filp);
	birth->filp = filp;
	birth->new_lock = false;
	return 0;
}

static int gil_birth_bind(struct gil_birth *birth)
{
	int ret = birth->new_lock ? gil_birth_lock(birth) : 0;

	return ret ? ret : gil_op_bind(birth->filp, birth->bind);
}

/*
 * Bind the child. If memory or open files are short, try again until they are
 * not, as the kernel does for a page fault, because the fork has succeeded and
 * the child may not run without the lock.
 */
static void gil_birth_work(struct callback_head *work)
{
	struct gil_birth *birth = container_of(work, struct gil_birth, work);
	struct gil_file *file;
	int ret;

	for (;;) {
		if (gil_is_ending())
			goto out;
		ret = gil_birth_bind(birth);
		if (ret != -ENOMEM && ret != -ENFILE)
			break;
		__set_current_state(TASK_KILLABLE | TASK_FREEZABLE);
		schedule_timeout(GIL_BIRTH_RETRY);
	}
	if (ret) {
		/* It must not run in parallel with the bound threads. */
		pr_warn_ratelimited("killed %s[%d]: could not bind it to its parent's lock (error %d)\n",
				    current->comm, current->pid, ret);
		force_sig(SIGKILL);
	}
out:
	file = birth->filp->private_data;
	gil_recorder_unexpect(file->lock->recorder);
	fput(birth->filp);
	kfree(birth);
}

/*
 * Memory cannot be allocated here, because the trace event has preemption off.
 * So each hook has a spare birth, and the parent's work allocates the next one.
 */
void gil_bind_fork(struct task_struct *child)
{
	struct gil_ctx *bound = gil_ctx_find_bound();
	struct gil_birth *birth;
	struct gil_hook *hook;

	if (!bound || !(bound->bind & GIL_BIND_INHERIT) ||
	    child->flags & GIL_PF_NEVER_BOUND)
		return;
	hook = gil_hook_of(bound);
	birth = hook->spare;
	/* A thread forks at most once before it is in user mode again. */
	if (WARN_ON_ONCE(!birth))
		return;
	hook->spare = NULL;
	gil_bind_notify_self(bound);
	init_task_work(&birth->work, gil_birth_work);
	birth->filp = get_file(hook->filp);
	birth->bind = bound->bind;
	birth->new_lock = bound->bind & GIL_BIND_PER_PROCESS &&
			  !same_thread_group(current, child);
	gil_recorder_expect(bound->lock->recorder);
	/* The child has not run yet, so it cannot be exiting. */
	WARN_ON_ONCE(task_work_add(child, &birth->work, TWA_RESUME));
}

void gil_bind_cleanup(void)
{
	if (!gil_bind_used)
		return;
	gil_yield_cleanup();
	preempt_notifier_dec();
	/*
	 * A task work that has dropped the last reference to the module may
	 * not have returned yet. Wait until its thread sleeps or is in user
	 * mode.
	 */
	synchronize_rcu_tasks();
}

#else /* !GIL_CAN_BIND: no level is offered, so no thread is ever bound */

int gil_op_bind(struct file *filp, u32 bind)
{
	return -EOPNOTSUPP;
}

int gil_op_unbind(struct file *filp)
{
	return -ENOENT;
}

void gil_bind_fork(struct task_struct *child) { }
void gil_bind_exec_privileged(void) { }
void gil_bind_cleanup(void) { }

#endif
