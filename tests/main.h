/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The harness's main() for programs that need the device. Without the device,
 * the whole program is skipped. The harness alone would call that a pass.
 */
#ifndef GIL_TEST_MAIN_H
#define GIL_TEST_MAIN_H

#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "lock.h"

/* Seconds that a test may take: enough for an emulated, loaded machine. */
#define PATIENCE	60

static inline int gil_test_main(int argc, char **argv)
{
	if (argc == 1 && access(GIL_DEVICE, F_OK)) {
		ksft_print_header();
		ksft_exit_skip("no %s: load the module\n", GIL_DEVICE);
	}
	return test_harness_run(argc, argv);
}

/* For programs that are skipped where no thread can be bound. */
static inline int gil_bound_test_main(int argc, char **argv)
{
	if (argc == 1 && !access(GIL_DEVICE, F_OK) && !lock_can_bind()) {
		ksft_print_header();
		ksft_exit_skip("no thread can be bound here: see the kernel log\n");
	}
	return gil_test_main(argc, argv);
}

/*
 * For a fixture that needs no teardown: each test has a process of its own,
 * whose end closes its descriptors and kills its children.
 */
#define NO_TEARDOWN(name)						\
	FIXTURE_TEARDOWN(name)						\
	{								\
	}

/* The descriptor that a call returns; the test ends if that is an error. */
#define ASSERT_FD(call) ({						\
	int fd_ = (call);						\
									\
	ASSERT_LE(0, fd_);						\
	fd_;								\
})

/* The process id of a new child, or 0 in it; the test ends if there is none. */
#define ASSERT_CHILD(fork)	ASSERT_FD(fork)

/* After a fight: nobody is left, and any thread can have the lock. */
#define EXPECT_LEFT_FREE(lock)						\
	do {								\
		ASSERT_TRUE(until_threads(lock, 0));			\
		EXPECT_EQ(0, lock_bound(lock));				\
		EXPECT_EQ(0, lock_owner(lock));				\
		EXPECT_EQ(0, lock_waiting(lock));			\
		/* The first may be told of a death, the second is not. */ \
		lock_acquire(lock, 0, 0);				\
		EXPECT_EQ(0, lock_release(lock, 0));			\
		EXPECT_EQ(0, lock_turn(lock));				\
	} while (0)

#define GIL_TEST_MAIN							\
	int main(int argc, char **argv)					\
	{								\
		return gil_test_main(argc, argv);			\
	}

#define GIL_BOUND_TEST_MAIN						\
	int main(int argc, char **argv)					\
	{								\
		return gil_bound_test_main(argc, argv);			\
	}

#endif /* GIL_TEST_MAIN_H */
