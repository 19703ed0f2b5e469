/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records of the threads whose contexts have ended, for read().
 */
#ifndef GIL_RECORD_H
#define GIL_RECORD_H

#include <linux/types.h>

struct file;
struct gil_ctx;
struct gil_entry;
struct gil_recorder;
struct task_struct;
struct poll_table_struct;

/*
 * A recorder with one reference. A lock and the locks made like it share one.
 * NULL: no memory. May sleep; gil_recorder_put() does not.
 */
struct gil_recorder *gil_recorder_create(void);
void gil_recorder_get(struct gil_recorder *recorder);
void gil_recorder_put(struct gil_recorder *recorder);

/*
 * One more context will leave a record, or one will not after all. Readers wait
 * as long as a record is expected. NULL is allowed. Any context.
 */
void gil_recorder_expect(struct gil_recorder *recorder);
void gil_recorder_unexpect(struct gil_recorder *recorder);

/*
 * Room for the current thread's record. NULL: no memory. May sleep. It becomes
 * the record of a context, which was expected, or is freed unused. Both allow
 * NULL.
 */
struct gil_entry *gil_entry_create(void);
void gil_entry_record(struct gil_entry *entry, struct gil_ctx *ctx);
void gil_entry_free(struct gil_entry *entry);

/*
 * The task, whose record this is, ends or its file is closed: take its id now.
 * An exec gives a thread that is not the first of its process another one. NULL
 * is allowed. Does not sleep.
 */
void gil_entry_take_tid(struct gil_entry *entry, struct task_struct *task);

/* The file operations of locks that have a recorder. */
ssize_t gil_recorder_read(struct gil_recorder *recorder, struct file *filp,
			  char __user *buf, size_t len);
__poll_t gil_recorder_poll(struct gil_recorder *recorder, struct file *filp,
			   struct poll_table_struct *wait);

#endif /* GIL_RECORD_H */
