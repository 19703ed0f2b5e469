// SPDX-License-Identifier: GPL-2.0
/*
 * The threads and open files on each lock, and how they end.
 *
 * One table for all locks finds contexts by task: when a thread calls, and when
 * a task exits. A thread has few entries, because it uses few locks.
 *
 * A context ends once: the first caller of gil_kill() also has it unlinked. A
 * closing file unlinks it at once. A thread that exits may not sleep, so a work
 * item unlinks its contexts.
 */
#include <linux/err.h>
#include <linux/rhashtable.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "acquire.h"
#include "context.h"
#include "core.h"
#include "lock.h"
#include "record.h"

static struct workqueue_struct *gil_reaper;
static struct rhltable gil_contexts;

static const struct rhashtable_params gil_contexts_params = {
	.key_len = sizeof_field(struct gil_ctx, w.task),
	.key_offset = offsetof(struct gil_ctx, w.task),
	.head_offset = offsetof(struct gil_ctx, task_node),
	.automatic_shrinking = true,
};

struct gil_file *gil_file_create(struct gil_lock *lock, bool global)
{
	struct gil_file *file;

	file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file)
		return ERR_PTR(-ENOMEM);

	kref_init(&file->ref);
	file->lock = lock;
	file->global = global;
	init_waitqueue_head(&file->pollers);
	INIT_LIST_HEAD(&file->contexts);
	return file;
}

static void gil_file_free(struct kref *ref)
{
	struct gil_file *file = container_of(ref, struct gil_file, ref);

	gil_lock_put(file->lock);
	kfree(file);
}

static void gil_ctx_free(struct kref *ref)
{
	struct gil_ctx *ctx = container_of(ref, struct gil_ctx, ref);
	struct gil_file *file = ctx->file;

	gil_entry_free(ctx->entry);
	put_task_struct(ctx->w.task);
	kfree_rcu(ctx, rcu);
	kref_put(&file->ref, gil_file_free);
}

void gil_ctx_get(struct gil_ctx *ctx)
{
	kref_get(&ctx->ref);
}

void gil_ctx_put(struct gil_ctx *ctx)
{
	kref_put(&ctx->ref, gil_ctx_free);
}

/* Remove a killed context from all lists and tables. */
static void gil_ctx_unlink(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;

	lockdep_assert_held(&lock->attach);

	rhltable_remove(&gil_contexts, &ctx->task_node, gil_contexts_params);
	xa_erase(&lock->ids, ctx->w.id);
	list_del(&ctx->file_node);

	/* A dead context gets no new grant, but one may be on its way. */
	irq_work_sync(&ctx->granted);
	gil_entry_record(ctx->entry, ctx);
	ctx->entry = NULL;
	WRITE_ONCE(lock->threads, lock->threads - 1);
	gil_ctx_put(ctx);
}

static void gil_ctx_reap(struct work_struct *work)
{
	struct gil_ctx *ctx = container_of(work, struct gil_ctx, reap);
	struct gil_lock *lock = ctx->lock;

	/* The context may have the last reference to the file and lock. */
	gil_lock_get(lock);
	gil_ctx_get(ctx);
	mutex_lock(&lock->attach);
	gil_ctx_unlink(ctx);
	mutex_unlock(&lock->attach);
	/* After the unlinking, because the record says how it was bound. */
	if (ctx->binding)
		ctx->binding->ops->reap(ctx);
	gil_ctx_put(ctx);
	gil_lock_put(lock);
}

void gil_file_close(struct gil_file *file)
{
	struct gil_lock *lock = file->lock;
	struct gil_ctx *ctx, *next;

	mutex_lock(&lock->attach);
	list_for_each_entry_safe(ctx, next, &file->contexts, file_node) {
		if (gil_kill(ctx))
			gil_ctx_unlink(ctx);
		cond_resched();
	}
	mutex_unlock(&lock->attach);

	kref_put(&file->ref, gil_file_free);
}

static struct rhlist_head *gil_ctx_list(struct task_struct *task)
{
	return rhltable_lookup(&gil_contexts, &task, gil_contexts_params);
}

/* The calling thread's first context that lives and matches, or NULL. */
static __always_inline struct gil_ctx *
gil_ctx_first(bool (*matches)(const struct gil_ctx *ctx,
			      const struct gil_file *file),
	      const struct gil_file *file)
{
	struct gil_ctx *ctx, *found = NULL;
	struct rhlist_head *list, *pos;

	rcu_read_lock();
	list = gil_ctx_list(current);
	rhl_for_each_entry_rcu(ctx, pos, list, task_node) {
		if (!READ_ONCE(ctx->dead) && matches(ctx, file)) {
			found = ctx;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

static bool gil_ctx_serves(const struct gil_ctx *ctx,
			   const struct gil_file *file)
{
	return ctx->file == file || (ctx->bind && ctx->lock == file->lock);
}

struct gil_ctx *gil_ctx_find(struct gil_file *file)
{
	return gil_ctx_first(gil_ctx_serves, file);
}

/* Only the thread itself changes @bind, so what it reads here stays true. */
static bool gil_ctx_is_bound(const struct gil_ctx *ctx,
			     const struct gil_file *unused)
{
	return ctx->bind;
}

struct gil_ctx *gil_ctx_find_bound(void)
{
	return gil_ctx_first(gil_ctx_is_bound, NULL);
}

static bool gil_ctx_is_other(const struct gil_ctx *ctx,
			     const struct gil_file *file)
{
	return ctx->lock == file->lock && ctx->file != file;
}

bool gil_thread_has_other_ctx(struct gil_file *file)
{
	return gil_ctx_first(gil_ctx_is_other, file);
}

static bool gil_thread_is_full(void)
{
	struct rhlist_head *list, *pos;
	struct gil_ctx *ctx;
	unsigned int n = 0;

	rcu_read_lock();
	list = gil_ctx_list(current);
	rhl_for_each_entry_rcu(ctx, pos, list, task_node)
		n++;
	rcu_read_unlock();
	return n >= GIL_THREAD_LOCKS_MAX;
}

static struct gil_ctx *gil_ctx_alloc(struct gil_file *file)
{
	struct gil_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);

	if (!ctx)
		return NULL;
	if (file->lock->recorder) {
		ctx->entry = gil_entry_create();
		if (!ctx->entry) {
			kfree(ctx);
			return NULL;
		}
	}
	kref_init(&ctx->ref);
	ctx->lock = file->lock;
	ctx->w.task = get_task_struct(current);
	ctx->file = file;
	kref_get(&file->ref);
	init_irq_work(&ctx->granted, gil_granted);
	INIT_WORK(&ctx->reap, gil_ctx_reap);
	return ctx;
}

/*
 * Reserve an id. All threads share the global lock's mutex, so do not hold it:
 * the memory for the id may be long in coming, if the caller's cgroup is short
 * of it. The lock of @ids protects @next_id.
 */
static int gil_ctx_reserve_id(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;

	return xa_alloc_cyclic(&lock->ids, &ctx->w.id, NULL,
			       XA_LIMIT(1, GIL_WORD_ID_MASK), &lock->next_id,
			       GFP_KERNEL_ACCOUNT);
}

/* The id is reserved, so storing the context allocates no memory. */
static int gil_ctx_link(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;
	int ret;

	lockdep_assert_held(&lock->attach);

	ret = rhltable_insert(&gil_contexts, &ctx->task_node,
			      gil_contexts_params);
	if (ret) {
		xa_erase(&lock->ids, ctx->w.id);
		return ret;
	}
	xa_store(&lock->ids, ctx->w.id, ctx, GFP_NOWAIT);
	gil_recorder_expect(lock->recorder);
	list_add_tail(&ctx->file_node, &ctx->file->contexts);
	WRITE_ONCE(lock->threads, lock->threads + 1);
	return 0;
}

struct gil_ctx *gil_ctx_attach(struct gil_file *file)
{
	struct gil_ctx *ctx = gil_ctx_find(file);
	int ret;

	if (ctx)
		return ctx;
	if (gil_thread_is_full())
		return ERR_PTR(-EMFILE);
	ctx = gil_ctx_alloc(file);
	if (!ctx)
		return ERR_PTR(-ENOMEM);

	ret = gil_ctx_reserve_id(ctx);
	if (ret >= 0) {
		mutex_lock(&file->lock->attach);
		ret = gil_ctx_link(ctx);
		mutex_unlock(&file->lock->attach);
	}
	if (ret < 0) {
		gil_ctx_put(ctx);
		return ERR_PTR(-ENOMEM);
	}
	return ctx;
}

void gil_task_exit(struct task_struct *task)
{
	struct rhlist_head *list, *pos;
	struct gil_ctx *ctx;

	rcu_read_lock();
	list = gil_ctx_list(task);
	rhl_for_each_entry_rcu(ctx, pos, list, task_node) {
		if (!gil_kill(ctx))
			continue;
		gil_entry_take_tid(ctx->entry, task);
		if (ctx->binding)
			ctx->binding->ops->exit(ctx);
		queue_work(gil_reaper, &ctx->reap);
	}
	rcu_read_unlock();
}

int gil_contexts_init(void)
{
	int ret;

	gil_reaper = alloc_workqueue("gil_reaper", WQ_UNBOUND, 0);
	if (!gil_reaper)
		return -ENOMEM;
	ret = rhltable_init(&gil_contexts, &gil_contexts_params);
	if (ret)
		destroy_workqueue(gil_reaper);
	return ret;
}

void gil_contexts_drain(void)
{
	destroy_workqueue(gil_reaper);
}

void gil_contexts_exit(void)
{
	rhltable_destroy(&gil_contexts);
}
