// SPDX-License-Identifier: GPL-2.0
/* The page: how it may be mapped, and what an honest program reads in it. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "main.h"
#include "stage.h"

FIXTURE(page)
{
	int fd;
	size_t size;
};

FIXTURE_VARIANT(page)
{
	bool global;
};

FIXTURE_VARIANT_ADD(page, private) { .global = false };
FIXTURE_VARIANT_ADD(page, global) { .global = true };

FIXTURE_SETUP(page)
{
	self->size = sysconf(_SC_PAGESIZE);
	self->fd = variant->global ? lock_open_settled() : lock_create(0);
	ASSERT_LE(0, self->fd);
}

NO_TEARDOWN(page)

static int map_errno(int fd, size_t size, int prot, int flags, off_t offset)
{
	void *at = mmap(NULL, size, prot, flags, fd, offset);
	int err = errno;

	if (at == MAP_FAILED)
		return err;
	munmap(at, size);
	return 0;
}

static int read_only_errno(int fd, size_t size, off_t offset)
{
	return map_errno(fd, size, PROT_READ, MAP_SHARED, offset);
}

TEST_F(page, one_page_at_offset_zero)
{
	size_t size = self->size;

	EXPECT_EQ(0, read_only_errno(self->fd, size, 0));
	/* mmap() rounds a smaller size up to a page. */
	EXPECT_EQ(0, read_only_errno(self->fd, 1, 0));
	EXPECT_EQ(EINVAL, read_only_errno(self->fd, size + 1, 0));
	EXPECT_EQ(EINVAL, read_only_errno(self->fd, 2 * size, 0));
	EXPECT_EQ(EINVAL, read_only_errno(self->fd, 1000 * size, 0));
	EXPECT_EQ(EINVAL, read_only_errno(self->fd, size, size));
	EXPECT_EQ(EINVAL, read_only_errno(self->fd, size, 1000 * size));
}

TEST_F(page, shared_only)
{
	EXPECT_EQ(EINVAL, map_errno(self->fd, self->size, PROT_READ,
				    MAP_PRIVATE, 0));
	EXPECT_EQ(EINVAL, map_errno(self->fd, self->size,
				    PROT_READ | PROT_WRITE, MAP_PRIVATE, 0));
}

TEST_F(page, never_executable)
{
	void *at;

	EXPECT_EQ(EPERM, map_errno(self->fd, self->size,
				   PROT_READ | PROT_EXEC, MAP_SHARED, 0));
	at = mmap(NULL, self->size, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, at);
	EXPECT_EQ(-1, mprotect(at, self->size, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(page, writable_if_private)
{
	EXPECT_EQ(variant->global ? EPERM : 0,
		  map_errno(self->fd, self->size, PROT_READ | PROT_WRITE,
			    MAP_SHARED, 0));
}

TEST_F(page, made_writable_if_private)
{
	void *at = mmap(NULL, self->size, PROT_READ, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, at);
	if (variant->global) {
		EXPECT_EQ(-1, mprotect(at, self->size,
				       PROT_READ | PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
	} else {
		EXPECT_EQ(0, mprotect(at, self->size, PROT_READ | PROT_WRITE));
	}
}

TEST_F(page, does_not_grow)
{
	void *at = mmap(NULL, self->size, PROT_READ, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, at);
	EXPECT_EQ(MAP_FAILED, mremap(at, self->size, 2 * self->size,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(GIL_UAPI_VERSION, ((struct gil_page *)at)->version);
}

TEST_F(page, says_what_it_is)
{
	struct gil_page *page = lock_map(self->fd, PROT_READ);
	__u64 interval;

	ASSERT_NE(NULL, page);
	ASSERT_EQ(0, lock_ioctl(self->fd, GIL_IOC_GET_INTERVAL, &interval));
	EXPECT_EQ(GIL_UAPI_VERSION, page->version);
	EXPECT_EQ(interval, page->interval_ns);
	EXPECT_EQ(0, page->drop_request);
	EXPECT_EQ(variant->global ? GIL_PAGE_KERNEL_ONLY : 0,
		  page->flags & ~GIL_PAGE_TRACED);
	EXPECT_EQ(0, page->reserved[0]);
	EXPECT_EQ(0, page->reserved[1]);
	EXPECT_EQ(0, page->reserved[2]);
}

TEST_F(page, follows_the_kernels_owner)
{
	struct gil_page *page = lock_map(self->fd, PROT_READ);
	__u32 id;

	ASSERT_NE(NULL, page);
	ASSERT_EQ(0, lock_attach(self->fd, &id));
	EXPECT_EQ(0, page->word);
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(id | GIL_WORD_KERNEL, page->word);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, page->word);
}

/* A call that cannot use a free lock leaves the fast path open. */
TEST_F(page, stays_free)
{
	struct gil_page *page = lock_map(self->fd, PROT_READ);

	ASSERT_NE(NULL, page);
	ASSERT_EQ(0, lock_attach(self->fd, NULL));
	EXPECT_EQ(EPERM, lock_release(self->fd, 0));
	EXPECT_EQ(0, page->word);
}

/* A program that discards its mapping does not change the lock's page. */
TEST_F(page, discarded)
{
	struct gil_page *page = lock_map(self->fd, PROT_READ);
	pid_t child;
	int status;

	ASSERT_NE(NULL, page);
	child = ASSERT_CHILD(fork());
	if (!child) {
		struct gil_page *mine = lock_map(self->fd, PROT_READ);

		if (!mine || madvise(mine, self->size, MADV_DONTNEED))
			_exit(1);
		_exit(*(volatile __u32 *)&mine->version != GIL_UAPI_VERSION);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(status == 0 ||
		    (WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS));
	EXPECT_EQ(GIL_UAPI_VERSION, page->version);
	EXPECT_EQ(0, lock_turn(self->fd));
}

TEST_F(page, no_read_write_or_seek)
{
	char byte = 0;

	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
}

GIL_TEST_MAIN
