/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel recorded of the threads that ended. */
#ifndef GILRUN_RECORDS_H
#define GILRUN_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/gil.h>

struct span {
	uint64_t count;
	uint64_t total_ns;
	uint64_t max_ns;
};

/* A struct gil_thread_stats without its histograms. */
struct thread {
	uint32_t lock;
	uint32_t pid;
	uint32_t tid;
	char name[16];
	uint64_t cpu_ns;
	struct span hold;
	struct span wait;
	uint64_t io_releases;
	uint64_t forced_switches;
};

struct records {
	struct thread *threads;
	size_t count;
	size_t room;
	/* Threads whose figures the kernel had no room to keep. */
	uint64_t lost;
	/* All threads have ended. */
	bool complete;
};

/*
 * Read what is there, without waiting. @fd is the lock's, with O_NONBLOCK.
 * Returns 0 or an error number.
 */
int records_read(struct records *records, int fd);

/* By lock, process and thread. */
void records_sort(struct records *records);

/* The sum of all threads. */
struct thread records_total(const struct records *records);

void records_free(struct records *records);

#endif
