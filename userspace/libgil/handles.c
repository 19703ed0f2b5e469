// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The list of the handles that this process uses, and calls of the device. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "handles.h"
#include "thread.h"

/*
 * The list and its mutex are in a page that a fork empties. So the child has a
 * free mutex, which is all zeros, and an empty list, even if another thread was
 * changing the list meanwhile. Each handle that the child uses joins anew.
 */
struct list {
	pthread_mutex_t mutex;
	gil_t *first;
};

static struct list *list;
/* Protected by the mutex. A child goes on counting where its parent was. */
static uint64_t last_serial;

/* Two threads may come here at once. Keeps no lock that a fork could catch. */
static int list_make(void)
{
	struct list *none = NULL;
	void *page;

	if (__atomic_load_n(&list, __ATOMIC_ACQUIRE))
		return 0;
	page = mmap(NULL, handle_page_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return errno;
	if (madvise(page, handle_page_size, MADV_WIPEONFORK)) {
		int err = errno;

		munmap(page, handle_page_size);
		return err;
	}
	if (!__atomic_compare_exchange_n(&list, &none, page, 0,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		munmap(page, handle_page_size);
	return 0;
}

int handle_ioctl(int fd, unsigned long request, void *arg)
{
	int saved = errno;
	int err = ioctl(fd, request, arg) < 0 ? errno : 0;

	errno = saved;
	return err;
}

int handles_add(gil_t *g)
{
	struct key *key = gil_key(g);
	int err = list_make();

	if (err)
		return err;
	pthread_mutex_lock(&list->mutex);
	if (!key->serial) {
		gil_handle(g)->next = list->first;
		list->first = g;
		key->slot_offset = thread_slot_offset(++last_serial);
		/*
		 * Last, because other threads of the child of a fork look at
		 * both without the mutex. One that sees the new serial with
		 * the old offset finds a slot with another serial.
		 */
		__atomic_store_n(&key->serial, last_serial, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&list->mutex);
	return 0;
}

/* A handle that the child of a fork has not used is not in the list. */
void handles_remove(gil_t *g)
{
	gil_t **pos = &list->first;

	pthread_mutex_lock(&list->mutex);
	while (*pos && *pos != g)
		pos = &gil_handle(*pos)->next;
	if (*pos)
		*pos = gil_handle(g)->next;
	pthread_mutex_unlock(&list->mutex);
}

void handles_report(uint64_t serial, uint64_t acquires, uint64_t io_releases)
{
	struct gil_attach args = {
		.fast_acquires = acquires,
		.fast_io_releases = io_releases,
	};
	gil_t *g;

	pthread_mutex_lock(&list->mutex);
	g = list->first;
	while (g && gil_key(g)->serial != serial)
		g = gil_handle(g)->next;
	if (g)
		handle_ioctl(gil_handle(g)->fd, GIL_IOC_ATTACH, &args);
	pthread_mutex_unlock(&list->mutex);
}
