// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The list of open handles, and calls of the device. This file calls no other
 * file of the library.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "handles.h"

/* Protects the list of handles and the serial numbers. */
static pthread_mutex_t handles_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct handle *handles;
static uint64_t last_serial;

static void handles_lock(void)
{
	pthread_mutex_lock(&handles_mutex);
}

static void handles_unlock(void)
{
	pthread_mutex_unlock(&handles_mutex);
}

/* Another thread might hold the mutex during fork(): the child needs it free. */
__attribute__((constructor)) static void handles_init(void)
{
	pthread_atfork(handles_lock, handles_unlock, handles_unlock);
}

int handle_ioctl(int fd, unsigned long request, void *arg)
{
	int saved = errno;
	int err = ioctl(fd, request, arg) < 0 ? errno : 0;

	errno = saved;
	return err;
}

void handles_add(struct handle *h)
{
	handles_lock();
	h->serial = ++last_serial;
	h->next = handles;
	handles = h;
	handles_unlock();
}

void handles_remove(struct handle *h)
{
	struct handle **pos = &handles;

	handles_lock();
	while (*pos != h)
		pos = &(*pos)->next;
	*pos = h->next;
	handles_unlock();
}

void handles_report(uint64_t serial, uint64_t acquires, uint64_t io_releases)
{
	struct gil_attach args = {
		.fast_acquires = acquires,
		.fast_io_releases = io_releases,
	};
	struct handle *h;

	handles_lock();
	for (h = handles; h && h->serial != serial; h = h->next)
		;
	if (h)
		handle_ioctl(h->fd, GIL_IOC_ATTACH, &args);
	handles_unlock();
}
