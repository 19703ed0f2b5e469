/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The threads and open files on each lock, and how they end.
 */
#ifndef GIL_CONTEXT_H
#define GIL_CONTEXT_H

#include "objects.h"

/*
 * A new open file on a lock. If it succeeds, it takes over the caller's
 * reference to the lock. Error pointer: ENOMEM.
 */
struct gil_file *gil_file_create(struct gil_lock *lock, bool global);

/* The file is closed: all its contexts end. May sleep. */
void gil_file_close(struct gil_file *file);

/*
 * The calling thread's context on the file, or the one that binds it to the
 * file's lock, or NULL. It stays valid as long as the thread is in a call on
 * that file.
 */
struct gil_ctx *gil_ctx_find(struct gil_file *file);

/* As above, but made if there is none. EMFILE, ENOMEM. May sleep. */
struct gil_ctx *gil_ctx_attach(struct gil_file *file);

/* The context that binds the calling thread, or NULL. Does not sleep. */
struct gil_ctx *gil_ctx_find_bound(void);

/* Does the calling thread use the file's lock through another file too? */
bool gil_thread_has_other_ctx(struct gil_file *file);

void gil_ctx_get(struct gil_ctx *ctx);
void gil_ctx_put(struct gil_ctx *ctx);

/* The thread exits: its contexts end. Does not sleep. */
void gil_task_exit(struct task_struct *task);

int gil_contexts_init(void);
/*
 * Called when all files are closed and exits are no longer watched: wait for the
 * last contexts to end, and then, when nothing looks for contexts, end.
 */
void gil_contexts_drain(void);
void gil_contexts_exit(void);

#endif /* GIL_CONTEXT_H */
