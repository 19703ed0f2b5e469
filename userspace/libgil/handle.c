// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Making, importing and closing handles. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handle.h"
#include "handles.h"
#include "thread.h"

#define DEVICE "/dev/gil"

/* Of a handle's memory; see handle.h. */
#define PAGES 3

size_t handle_page_size;

/* Map the lock's page at a fixed address, writable if that is permitted. */
static int map_page(void *at, size_t size, int fd)
{
	void *page = mmap(at, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, fd, 0);

	if (page == MAP_FAILED && (errno == EPERM || errno == EACCES))
		page = mmap(at, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	return page == MAP_FAILED ? errno : 0;
}

/* May change errno, which the callers save. */
static int import(gil_t **g, int fd)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	struct gil_policy policy;
	char *base, *page;
	int err = 0;

	/* Mapping any other file could succeed too; only a lock has a policy. */
	if (ioctl(fd, GIL_IOC_GET_POLICY, &policy) < 0)
		return errno;

	handle_page_size = size;
	base = mmap(NULL, PAGES * size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return errno;
	page = base + (PAGES - 1) * size;
	if (madvise(page - size, size, MADV_WIPEONFORK))
		err = errno;
	if (!err)
		err = map_page(page, size, fd);
	if (!err && ((struct gil_page *)page)->version != GIL_UAPI_VERSION)
		err = EPROTO;
	if (!err) {
		gil_handle((gil_t *)page)->fd = fd;
		err = handles_add((gil_t *)page);
	}
	if (err)
		munmap(base, PAGES * size);
	else
		*g = (gil_t *)page;
	return err;
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
	size_t size = handle_page_size;
	int saved = errno;

	if (!g)
		return;
	thread_report(g);
	handles_remove(g);
	close(gil_fd(g));
	munmap((char *)g - (PAGES - 1) * size, PAGES * size);
	errno = saved;
}

int gil_fd(const gil_t *g)
{
	return gil_handle(g)->fd;
}
