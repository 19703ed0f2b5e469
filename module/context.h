/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which threads have a context on which lock, and the end of both.
 */
#ifndef GIL_CONTEXT_H
#define GIL_CONTEXT_H

#include "objects.h"

/*
 * A new open file on a lock; takes over the caller's reference to the lock if
 * it succeeds. Error pointer: ENOMEM.
 */
struct gil_file *gil_file_create(struct gil_lock *lock, bool global);

/* The file is closed: all its contexts end. May sleep. */
void gil_file_close(struct gil_file *file);

/*
 * The calling thread's context on the file, or the one by which it is bound to
 * the file's lock, or NULL. It stays valid as long as the thread is in a call
 * on that file.
 */
struct gil_ctx *gil_ctx_find(struct gil_file *file);

/* As above, made if need be. Error pointer: EMFILE, ENOMEM. May sleep. */
struct gil_ctx *gil_ctx_attach(struct gil_file *file);

/* The calling thread's context that is bound, or NULL. Any context. */
struct gil_ctx *gil_ctx_find_bound(void);

/* Has the calling thread one on the file's lock by another file? */
bool gil_thread_has_other_ctx(struct gil_file *file);

void gil_ctx_get(struct gil_ctx *ctx);
void gil_ctx_put(struct gil_ctx *ctx);

/* The thread exits: its contexts end. It may not sleep. */
void gil_task_exit(struct task_struct *task);

int gil_contexts_init(void);
/* After the last file is closed and no task's exit is watched any more. */
void gil_contexts_exit(void);

#endif /* GIL_CONTEXT_H */
