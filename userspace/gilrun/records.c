// SPDX-License-Identifier: GPL-2.0
/* What the kernel recorded of the threads that ended. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "records.h"

#define READ_SIZE 65536

static struct span to_span(const struct gil_times *times)
{
	return (struct span){ times->count, times->total_ns, times->max_ns };
}

static struct thread to_thread(const struct gil_thread_stats *stats)
{
	struct thread thread = {
		.lock = stats->lock,
		.pid = stats->tgid,
		.tid = stats->tid,
		.cpu_ns = stats->cpu_ns,
		.hold = to_span(&stats->counts.hold),
		.wait = to_span(&stats->counts.wait),
		.io_releases = stats->counts.io_releases,
		.forced_switches = stats->counts.forced_switches,
	};

	memcpy(thread.name, stats->comm, sizeof(thread.name) - 1);
	return thread;
}

static int add(struct records *records, const struct gil_record *record)
{
	size_t room = records->room ? 2 * records->room : 64;
	struct thread *threads = records->threads;

	if (records->count == records->room) {
		threads = reallocarray(threads, room, sizeof(*threads));
		if (!threads)
			return ENOMEM;
		records->threads = threads;
		records->room = room;
	}
	threads[records->count++] = to_thread(&record->thread);
	return 0;
}

/* A newer module's records are longer, an older one's shorter. */
static int add_all(struct records *records, const char *buffer, size_t size)
{
	struct gil_record record;
	size_t offset = 0, known;
	int error = 0;

	while (!error && size - offset >= offsetof(struct gil_record, thread)) {
		memset(&record, 0, sizeof(record));
		memcpy(&record, buffer + offset,
		       offsetof(struct gil_record, thread));
		if (record.size < offsetof(struct gil_record, thread) ||
		    record.size > size - offset)
			return EPROTO;
		known = record.size < sizeof(record) ? record.size :
						       sizeof(record);
		memcpy(&record, buffer + offset, known);
		offset += record.size;
		records->lost += record.lost;
		/* The last one may have no thread, and only tell of losses. */
		if (record.size > offsetof(struct gil_record, thread))
			error = add(records, &record);
	}
	return error;
}

int records_read(struct records *records, int fd)
{
	static char buffer[READ_SIZE];
	int error = 0;
	ssize_t n;

	while (!error && !records->complete) {
		n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : errno;
		if (!n)
			records->complete = true;
		else
			error = add_all(records, buffer, (size_t)n);
	}
	return error;
}

static int compare_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;

	if (x->lock != y->lock)
		return compare_u32(x->lock, y->lock);
	if (x->pid != y->pid)
		return compare_u32(x->pid, y->pid);
	return compare_u32(x->tid, y->tid);
}

void records_sort(struct records *records)
{
	if (records->count)
		qsort(records->threads, records->count,
		      sizeof(*records->threads), compare);
}

static void add_span(struct span *sum, const struct span *span)
{
	sum->count += span->count;
	sum->total_ns += span->total_ns;
	if (span->max_ns > sum->max_ns)
		sum->max_ns = span->max_ns;
}

struct thread records_total(const struct records *records)
{
	struct thread total = { .name = "total" };

	for (size_t i = 0; i < records->count; i++) {
		const struct thread *thread = &records->threads[i];

		total.cpu_ns += thread->cpu_ns;
		add_span(&total.hold, &thread->hold);
		add_span(&total.wait, &thread->wait);
		total.io_releases += thread->io_releases;
		total.forced_switches += thread->forced_switches;
	}
	return total;
}

void records_free(struct records *records)
{
	free(records->threads);
}
