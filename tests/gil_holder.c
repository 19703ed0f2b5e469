// SPDX-License-Identifier: GPL-2.0
/*
 * Hold the module in one way until standard input ends, for module.sh:
 *
 *	gil_holder open|private|mapped|owner|waiter|bound
 *	gil_holder levels
 *
 * The first form prints "held" once it holds the module. The second prints what
 * a thread can be bound for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "actor.h"
#include "lock.h"

static bool hold(const char *how)
{
	struct actor *actor;
	int fd;

	if (!strcmp(how, "open"))
		return lock_open() >= 0;
	fd = lock_create(0);
	if (fd < 0)
		return false;
	if (!strcmp(how, "private"))
		return true;
	/* The descriptor is closed, so only the binding holds the module. */
	if (!strcmp(how, "bound"))
		return !lock_bind(fd, GIL_BIND_IO) && !close(fd);
	if (!strcmp(how, "mapped"))
		return lock_map(fd, PROT_READ) && !close(fd);
	if (lock_acquire(fd, 0, 0))
		return false;
	if (!strcmp(how, "owner"))
		return true;
	actor = actors_new(1);
	return !strcmp(how, "waiter") && actor &&
	       !actor_start(actor, ACTOR_PROCESS, fd) && actor_queue(actor);
}

/* A level that is not available must be EOPNOTSUPP, not another error. */
static int show_levels(void)
{
	int fd = lock_create(0), io, slice;

	if (fd < 0)
		return 1;
	io = lock_bind(fd, GIL_BIND_IO);
	slice = lock_bind(fd, SLICED);
	if ((io && io != EOPNOTSUPP) || (slice && slice != EOPNOTSUPP))
		return 1;
	printf("%s%s\n", io ? "" : "io", slice ? "" : " slice");
	return 0;
}

int main(int argc, char **argv)
{
	char byte;

	if (argc == 2 && !strcmp(argv[1], "levels"))
		return show_levels();

	if (argc != 2 || !hold(argv[1])) {
		fprintf(stderr, "gil_holder: cannot hold: %s\n",
			strerror(errno));
		return 1;
	}
	printf("held\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
