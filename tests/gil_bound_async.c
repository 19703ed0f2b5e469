// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring and AIO of bound threads: the kernel's helper threads are not bound,
 * the data is right, and nothing hangs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "main.h"
#include "process.h"
#include "stage.h"

#define BLOCK	4096
#define BLOCKS	16
#define ROUNDS	4

/* What the actors tell the test. */
struct shared {
	volatile int helpers;
	volatile __u32 bound;
};

static struct shared *shared;

static char blocks[BLOCKS][BLOCK];

static void fill(unsigned int seed)
{
	for (int i = 0; i < BLOCKS; i++)
		for (int j = 0; j < BLOCK; j++)
			blocks[i][j] = (char)(seed * 31 + i * 7 + j);
}

static bool filled(unsigned int seed)
{
	for (int i = 0; i < BLOCKS; i++)
		for (int j = 0; j < BLOCK; j++)
			if (blocks[i][j] != (char)(seed * 31 + i * 7 + j))
				return false;
	return true;
}

/* Tasks of this process beyond its one thread: io_uring's workers. */
static int helpers(void)
{
	DIR *folder = opendir("/proc/self/task");
	int count = -1;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	/* Without . and .. */
	return count - 2;
}

static int scratch_file(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	return fd < 0 || ftruncate(fd, BLOCKS * BLOCK) ? -1 : fd;
}

static int reap(struct io_uring *ring, int count, int expected)
{
	struct io_uring_cqe *cqe;
	int err, seen;

	while (count--) {
		do {
			err = io_uring_wait_cqe(ring, &cqe);
		} while (err == -EINTR);
		if (err)
			return -err;
		seen = cqe->res;
		io_uring_cqe_seen(ring, cqe);
		if (seen != expected)
			return seen < 0 ? -seen : EIO;
	}
	return 0;
}

/* Read or write all blocks, by helper threads if the flags say so. */
static int transfer(struct io_uring *ring, int fd, bool in, __u32 flags)
{
	struct io_uring_sqe *sqe;

	for (int i = 0; i < BLOCKS; i++) {
		sqe = io_uring_get_sqe(ring);
		if (in)
			io_uring_prep_read(sqe, fd, blocks[i], BLOCK,
					   i * BLOCK);
		else
			io_uring_prep_write(sqe, fd, blocks[i], BLOCK,
					    i * BLOCK);
		io_uring_sqe_set_flags(sqe, flags);
	}
	if (io_uring_submit(ring) < 0)
		return EIO;
	return reap(ring, BLOCKS, BLOCK);
}

/* The read from a pipe is asked for before there is anything to read. */
static int converse(struct io_uring *ring, __u32 flags)
{
	struct io_uring_sqe *sqe;
	int ends[2], err;
	char byte = 0;

	if (pipe(ends))
		return errno;
	sqe = io_uring_get_sqe(ring);
	io_uring_prep_read(sqe, ends[0], &byte, 1, 0);
	io_uring_sqe_set_flags(sqe, flags);
	io_uring_submit(ring);
	sqe = io_uring_get_sqe(ring);
	io_uring_prep_write(sqe, ends[1], "x", 1, 0);
	io_uring_submit(ring);
	err = reap(ring, 2, 1);
	close(ends[0]);
	close(ends[1]);
	return err ? err : byte == 'x' ? 0 : EIO;
}

static int go_round(struct io_uring *ring, int fd, __u32 flags,
		    unsigned int seed)
{
	int err;

	fill(seed);
	err = transfer(ring, fd, false, flags);
	if (err)
		return err;
	memset(blocks, 0, sizeof(blocks));
	err = transfer(ring, fd, true, flags);
	if (err)
		return err;
	return filled(seed) ? converse(ring, flags) : EILSEQ;
}

static int use_ring(struct actor *actor, __u32 setup, __u32 flags)
{
	struct io_uring ring;
	int fd = scratch_file(), err;

	if (fd < 0)
		return errno;
	err = -io_uring_queue_init(2 * BLOCKS, &ring, setup);
	/* Skip the test: otherwise it would pass without having tried anything. */
	if (err == EINVAL || err == ENOSYS || err == EPERM)
		return ENOTSUP;
	for (unsigned int i = 0; !err && i < ROUNDS; i++)
		err = go_round(&ring, fd, flags, i + actor->tid);
	shared->helpers = helpers();
	shared->bound = lock_bound(actor->fd);
	io_uring_queue_exit(&ring);
	close(fd);
	return err;
}

static ACT(act_ring, use_ring(actor, 0, 0))
static ACT(act_workers, use_ring(actor, 0, IOSQE_ASYNC))
static ACT(act_deferred, use_ring(actor, IORING_SETUP_SINGLE_ISSUER |
				  IORING_SETUP_DEFER_TASKRUN, 0))
static ACT(act_poller, use_ring(actor, IORING_SETUP_SQPOLL, 0))

static int submit_all(aio_context_t context, int fd, int opcode)
{
	struct iocb requests[BLOCKS], *pointers[BLOCKS];
	struct io_event events[BLOCKS];
	int done = 0, got;

	memset(requests, 0, sizeof(requests));
	for (int i = 0; i < BLOCKS; i++) {
		requests[i].aio_fildes = fd;
		requests[i].aio_lio_opcode = opcode;
		requests[i].aio_buf = (uintptr_t)blocks[i];
		requests[i].aio_nbytes = BLOCK;
		requests[i].aio_offset = i * BLOCK;
		pointers[i] = &requests[i];
	}
	if (syscall(SYS_io_submit, context, BLOCKS, pointers) != BLOCKS)
		return errno;
	while (done < BLOCKS) {
		got = syscall(SYS_io_getevents, context, 1, BLOCKS, events,
			      NULL);
		if (got < 0)
			return errno;
		for (int i = 0; i < got; i++)
			if (events[i].res != BLOCK)
				return EIO;
		done += got;
	}
	return 0;
}

static int act_aio(struct actor *actor)
{
	aio_context_t context = 0;
	int fd = scratch_file(), err = 0;

	if (fd < 0 || syscall(SYS_io_setup, BLOCKS, &context))
		return errno == ENOSYS ? ENOTSUP : errno;
	for (unsigned int i = 0; !err && i < ROUNDS; i++) {
		fill(i + actor->tid);
		err = submit_all(context, fd, IOCB_CMD_PWRITE);
		memset(blocks, 0, sizeof(blocks));
		if (!err)
			err = submit_all(context, fd, IOCB_CMD_PREAD);
		if (!err && !filled(i + actor->tid))
			err = EILSEQ;
	}
	syscall(SYS_io_destroy, context);
	close(fd);
	return err;
}

/* Two actors that use helpers, and one that only computes. */
STAGE_FIXTURE(async)

FIXTURE_VARIANT(async)
{
	actor_fn act;
	int helpers;
};

FIXTURE_VARIANT_ADD(async, ring) { .act = act_ring };
FIXTURE_VARIANT_ADD(async, workers) { .act = act_workers, .helpers = 1 };
FIXTURE_VARIANT_ADD(async, deferred) { .act = act_deferred };
FIXTURE_VARIANT_ADD(async, poller) { .act = act_poller, .helpers = 1 };
FIXTURE_VARIANT_ADD(async, aio) { .act = act_aio };

#define ACTORS	3

FIXTURE_SETUP(async)
{
	shared = shared_new(sizeof(*shared));
	ASSERT_NE(NULL, shared);
	shared->bound = ACTORS;
	ASSERT_EQ(0, stage_open(&self->stage, ACTORS, MS / 4));
	ASSERT_EQ(0, actors_start_bound(self->actors, ACTORS, ACTOR_PROCESS,
					self->fd, SLICED | GIL_BIND_INHERIT));
}

TEST_F_TIMEOUT(async, right_and_not_bound, PATIENCE)
{
	struct actor *hog = &self->actors[2];
	int err[2], i;

	actor_begin(hog, act_hog);
	for (i = 0; i < 2; i++)
		actor_begin(&self->actors[i], variant->act);
	for (i = 0; i < 2; i++)
		err[i] = actor_end(&self->actors[i]);
	if (err[0] == ENOTSUP)
		SKIP(return, "this kernel, or this user, has it not");
	EXPECT_EQ(0, err[0]);
	EXPECT_EQ(0, err[1]);
	EXPECT_LE(variant->helpers, shared->helpers);
	EXPECT_EQ(ACTORS, shared->bound);
	EXPECT_EQ(ACTORS, lock_threads(self->fd));
	EXPECT_TRUE(actor_runs(hog));
}

GIL_BOUND_TEST_MAIN
