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
struct poll_table_struct;

/*
 * A recorder with one reference; shared by a lock and those made like it.
 * NULL: no memory. May sleep; gil_recorder_put() not.
 */
struct gil_recorder *gil_recorder_create(void);
void gil_recorder_get(struct gil_recorder *recorder);
void gil_recorder_put(struct gil_recorder *recorder);

/*
 * A context that will leave a record, or not after all: while there is one,
 * readers wait. NULL is allowed. Any context.
 */
void gil_recorder_expect(struct gil_recorder *recorder);
void gil_recorder_unexpect(struct gil_recorder *recorder);

/*
 * Room for the current thread's record; NULL: no memory. May sleep. It ends
 * as the record of the context, which was expected, or unused; NULL is allowed.
 */
struct gil_entry *gil_entry_create(void);
void gil_entry_record(struct gil_entry *entry, struct gil_ctx *ctx);
void gil_entry_free(struct gil_entry *entry);

/* The file operations, for locks that have a recorder. */
ssize_t gil_recorder_read(struct gil_recorder *recorder, struct file *filp,
			  char __user *buf, size_t len);
__poll_t gil_recorder_poll(struct gil_recorder *recorder, struct file *filp,
			   struct poll_table_struct *wait);

#endif /* GIL_RECORD_H */
