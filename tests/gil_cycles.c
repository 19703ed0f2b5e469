// SPDX-License-Identifier: GPL-2.0
/*
 * Load and unload the module many times, for module.sh:
 *
 *	gil_cycles COUNT FILE
 *
 * It calls the kernel itself, because starting insmod and rmmod takes longer
 * than their work.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock.h"

/* The file's bytes; NULL if it cannot be read. */
static void *read_image(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *image = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st)) {
		*size = st.st_size;
		image = mmap(NULL, *size, PROT_READ, MAP_PRIVATE | MAP_POPULATE,
			     fd, 0);
	}
	close(fd);
	return image == MAP_FAILED ? NULL : image;
}

static bool complain(int cycle, const char *what)
{
	fprintf(stderr, "gil_cycles: cycle %d: %s: %s\n", cycle, what,
		strerror(errno));
	return false;
}

/* The lock must work once loaded, and the device must go when unloaded. */
static bool run_cycle(int cycle, const void *image, size_t size)
{
	int fd, err;

	if (syscall(SYS_init_module, image, size, ""))
		return complain(cycle, "load");
	fd = lock_open();
	if (fd < 0)
		return complain(cycle, GIL_DEVICE);
	err = lock_acquire(fd, 0, 0);
	close(fd);
	if (err)
		return complain(cycle, "acquire");
	if (syscall(SYS_delete_module, "gil", O_NONBLOCK))
		return complain(cycle, "unload");
	if (!access(GIL_DEVICE, F_OK))
		return complain(cycle, GIL_DEVICE " is still there");
	return true;
}

int main(int argc, char **argv)
{
	size_t size = 0;
	int count, i;
	void *image;

	if (argc != 3) {
		fprintf(stderr, "usage: gil_cycles COUNT FILE\n");
		return 2;
	}
	count = atoi(argv[1]);
	image = read_image(argv[2], &size);
	if (!image) {
		complain(0, argv[2]);
		return 1;
	}
	for (i = 1; i <= count; i++)
		if (!run_cycle(i, image, size))
			return 1;
	return 0;
}
