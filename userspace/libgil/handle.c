// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Making and closing handles. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handle.h"
#include "thread.h"

#define DEVICE "/dev/gil"

/* Protects the list of handles and the serial numbers. */
static pthread_mutex_t handles_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct handle *handles;
static uint64_t last_serial;

int handle_ioctl(int fd, unsigned long request, void *arg)
{
	int saved = errno;
	int err = ioctl(fd, request, arg) < 0 ? errno : 0;

	errno = saved;
	return err;
}

/* The only thread that a forked child has is the one that forked. */
static void handles_lock(void)
{
	pthread_mutex_lock(&handles_mutex);
}

static void handles_unlock(void)
{
	pthread_mutex_unlock(&handles_mutex);
}

static void handles_in_child(void)
{
	pthread_mutex_unlock(&handles_mutex);
	thread_forget();
}

__attribute__((constructor)) static void handles_init(void)
{
	pthread_atfork(handles_lock, handles_unlock, handles_in_child);
}

static void handles_add(struct handle *h)
{
	handles_lock();
	h->serial = ++last_serial;
	h->slot_offset = thread_slot_offset(h->serial);
	h->next = handles;
	handles = h;
	handles_unlock();
}

static void handles_remove(struct handle *h)
{
	struct handle **pos = &handles;

	handles_lock();
	while (*pos != h)
		pos = &(*pos)->next;
	*pos = h->next;
	handles_unlock();
}

void handle_report(uint64_t serial, uint64_t acquires, uint64_t io_releases)
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

/* The lock's page, writable if it may be, at a fixed address. */
static int map_page(void *at, size_t size, int fd)
{
	void *page = mmap(at, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, fd, 0);

	if (page == MAP_FAILED && (errno == EPERM || errno == EACCES))
		page = mmap(at, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	return page == MAP_FAILED ? errno : 0;
}

/* errno is the caller's to keep. */
static int import(gil_t **g, int fd)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	struct gil_policy policy;
	struct handle *h;
	char *base;
	int err;

	/* Any mapping of any file could succeed: ask what only a lock knows. */
	if (ioctl(fd, GIL_IOC_GET_POLICY, &policy) < 0)
		return errno;

	base = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return errno;
	err = map_page(base + size, size, fd);
	if (!err && ((struct gil_page *)(base + size))->version !=
			    GIL_UAPI_VERSION)
		err = EPROTO;
	if (err) {
		munmap(base, 2 * size);
		return err;
	}

	*g = (gil_t *)(base + size);
	h = gil_handle(*g);
	h->page_size = size;
	h->fd = fd;
	handles_add(h);
	return 0;
}

int gil_import(gil_t **g, int fd)
{
	int saved = errno;
	int err = import(g, fd);

	errno = saved;
	return err;
}

/* As gil_import(), but the descriptor is closed if that fails. */
static int import_own(gil_t **g, int fd)
{
	int err = import(g, fd);

	if (err)
		close(fd);
	return err;
}

int gil_open(gil_t **g)
{
	int saved = errno;
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	int err = fd < 0 ? errno : import_own(g, fd);

	errno = saved;
	return err;
}

void policy_name(char *to, const char *name)
{
	memcpy(to, name, strnlen(name, GIL_NAME_MAX));
}

static int create_fd(int device, const struct gil_options *options)
{
	struct gil_create args = { 0 };

	if (options) {
		args.flags = options->flags;
		args.interval_ns = options->interval_ns;
		if (options->policy)
			policy_name(args.policy, options->policy);
	}
	return ioctl(device, GIL_IOC_CREATE, &args);
}

int gil_create(gil_t **g, const struct gil_options *options)
{
	int saved = errno;
	int device = open(DEVICE, O_RDWR | O_CLOEXEC);
	int err, fd;

	if (device < 0) {
		err = errno;
	} else {
		fd = create_fd(device, options);
		err = fd < 0 ? errno : import_own(g, fd);
		close(device);
	}
	errno = saved;
	return err;
}

void gil_close(gil_t *g)
{
	int saved = errno;
	struct handle *h;
	size_t size;

	if (!g)
		return;
	h = gil_handle(g);
	size = h->page_size;
	handles_remove(h);
	close(h->fd);
	munmap((char *)g - size, 2 * size);
	errno = saved;
}

int gil_fd(const gil_t *g)
{
	return gil_handle(g)->fd;
}
