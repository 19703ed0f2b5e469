// SPDX-License-Identifier: GPL-2.0
/*
 * Bad input: every unknown flag, pad byte, size, id, name and pointer gets the
 * errno that the uapi header promises, and changes nothing, in whatever state
 * the caller is.
 */
#include <stddef.h>
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "main.h"
#include "stage.h"

enum caller { STRANGER, IDLE, QUEUED, GRANTED, OWNER };

/* All that can be seen of the lock, the caller and its descriptors. */
struct sight {
	struct gil_lock_stats lock;
	struct gil_thread_stats caller;
	struct gil_page page;
	int caller_errno;
	int descriptors;
};

FIXTURE(refused)
{
	STAGE;
	/* Memory of every bad kind. */
	char *readonly;
	char *unmapped;
	char *forbidden;
	struct gil_acquire *counts;
	struct sight before;
};

FIXTURE_VARIANT(refused)
{
	enum caller caller;
};

FIXTURE_VARIANT_ADD(refused, stranger) { .caller = STRANGER };
FIXTURE_VARIANT_ADD(refused, idle) { .caller = IDLE };
FIXTURE_VARIANT_ADD(refused, queued) { .caller = QUEUED };
FIXTURE_VARIANT_ADD(refused, granted) { .caller = GRANTED };
FIXTURE_VARIANT_ADD(refused, owner) { .caller = OWNER };

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void look(int fd, const struct gil_page *page, struct sight *sight)
{
	memset(sight, 0, sizeof(*sight));
	lock_stats(fd, &sight->lock);
	sight->caller_errno = thread_stats(fd, 0, &sight->caller);
	/* The look itself takes CPU time. */
	sight->caller.cpu_ns = 0;
	memcpy(&sight->page, page, sizeof(*page));
	sight->descriptors = count_descriptors();
}

static char *pages_of(int count, int prot)
{
	return mmap(NULL, count * 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
}

FIXTURE_SETUP(refused)
{
	ASSERT_EQ(0, stage_open(&self->stage, 1, GIL_INTERVAL_MAX_NS));
	self->readonly = pages_of(2, PROT_READ);
	/* The page after it must fault, for a struct that crosses the border. */
	munmap(self->readonly + 4096, 4096);
	self->forbidden = pages_of(1, PROT_NONE);
	self->counts = (void *)pages_of(1, PROT_READ | PROT_WRITE);
	self->counts->fast_acquires = 1;
	mprotect(self->counts, 4096, PROT_READ);

	switch (variant->caller) {
	case STRANGER:
		break;
	case IDLE:
		ASSERT_EQ(0, lock_attach(self->fd, NULL));
		break;
	case QUEUED:
	case GRANTED:
		ASSERT_EQ(0, actor_start(self->a, ACTOR_THREAD, self->fd));
		ASSERT_EQ(0, actor_do(self->a, act_acquire));
		ASSERT_EQ(EINPROGRESS,
			  lock_acquire(self->fd, GIL_ACQUIRE_ENQUEUE, 0));
		if (variant->caller == GRANTED)
			ASSERT_EQ(0, actor_do(self->a, act_release));
		break;
	case OWNER:
		ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
		break;
	}
	/* Last, so that nothing else is mapped there. */
	self->unmapped = pages_of(1, PROT_NONE);
	munmap(self->unmapped, 4096);

	look(self->fd, self->page, &self->before);
	ASSERT_EQ(variant->caller == STRANGER ? ENOENT : 0,
		  self->before.caller_errno);
	if (variant->caller != STRANGER)
		ASSERT_EQ(variant->caller - IDLE + GIL_STATE_IDLE,
			  self->before.caller.state);
}

NO_TEARDOWN(refused)

/* The log names the case, because a loop makes many cases of one line. */
#define EXPECT_REFUSED(error, request, arg, ...)			\
	do {								\
		struct sight after;					\
		int err = lock_ioctl(self->fd, request, arg);		\
									\
		look(self->fd, self->page, &after);			\
		EXPECT_EQ(error, err)					\
			TH_LOG(__VA_ARGS__);				\
		EXPECT_EQ(0, memcmp(&self->before, &after, sizeof(after))) \
			TH_LOG(__VA_ARGS__);				\
	} while (0)

/*
 * Each bit of @field that is not in @known, by itself and beside @other, in an
 * otherwise good struct.
 */
#define EXPECT_BITS_REFUSED(request, type, field, known, other, ...)	\
	do {								\
		unsigned int bit;					\
									\
		for (bit = 0; bit < 64; bit++) {			\
			__u32 unknown = 1U << bit / 2;			\
			struct type arg = {				\
				.field = unknown | (bit % 2 ? (other) : 0), \
				##__VA_ARGS__				\
			};						\
									\
			if (!(unknown & (known)))			\
				EXPECT_REFUSED(EINVAL, request, &arg,	\
					       #field " %#x", arg.field); \
		}							\
	} while (0)

TEST_F_TIMEOUT(refused, create, PATIENCE)
{
	static const __u64 intervals[] = {
		1, GIL_INTERVAL_MIN_NS - 1, GIL_INTERVAL_MAX_NS + 1,
		1ULL << 63, ~0ULL,
	};
	struct gil_create create;
	unsigned int i;

	EXPECT_BITS_REFUSED(GIL_IOC_CREATE, gil_create, flags,
			    GIL_CREATE_RECORD, GIL_CREATE_RECORD);
	EXPECT_BITS_REFUSED(GIL_IOC_CREATE, gil_create, pad, 0, 0);
	for (i = 0; i < ARRAY_SIZE(intervals); i++) {
		create = (struct gil_create){ .interval_ns = intervals[i] };
		EXPECT_REFUSED(EINVAL, GIL_IOC_CREATE, &create,
			       "interval %llu", intervals[i]);
	}
	create = (struct gil_create){ .flags = 0 };
	memset(create.policy, 'f', sizeof(create.policy));
	EXPECT_REFUSED(EINVAL, GIL_IOC_CREATE, &create, "unterminated name");
	create = (struct gil_create){ .policy = "no such policy" };
	EXPECT_REFUSED(ENOENT, GIL_IOC_CREATE, &create, "unknown policy");
	create = (struct gil_create){ .policy = "fif" };
	EXPECT_REFUSED(ENOENT, GIL_IOC_CREATE, &create, "prefix of a policy");
}

TEST_F_TIMEOUT(refused, attach, PATIENCE)
{
	struct gil_attach attach;
	unsigned int i;

	for (i = 0; i < 32; i++) {
		attach = (struct gil_attach){
			.flags = 1U << i,
			.id = 0xcccccccc,
			.fast_acquires = 7,
			.fast_io_releases = 7,
		};
		EXPECT_REFUSED(EINVAL, GIL_IOC_ATTACH, &attach,
			       "flag bit %u", i);
		EXPECT_EQ(0xcccccccc, attach.id);
	}
}

TEST_F_TIMEOUT(refused, acquire, PATIENCE)
{
	static const struct gil_acquire bad[] = {
		{ .flags = GIL_ACQUIRE_TRY | GIL_ACQUIRE_ENQUEUE },
		{ .flags = GIL_ACQUIRE_TRY | GIL_ACQUIRE_DEADLINE,
		  .deadline_ns = 1 },
		{ .flags = GIL_ACQUIRE_TRY | GIL_ACQUIRE_KEEP },
		{ .flags = GIL_ACQUIRE_TRY | GIL_ACQUIRE_KEEP_INTR },
		{ .flags = GIL_ACQUIRE_TRY | GIL_ACQUIRE_KEEP_TIMEOUT },
		{ .flags = GIL_ACQUIRE_TRY | GIL_ACQUIRE_RESUME },
		{ .flags = GIL_ACQUIRE_ENQUEUE | GIL_ACQUIRE_DEADLINE,
		  .deadline_ns = 1 },
		{ .deadline_ns = 1 },
		{ .deadline_ns = ~0ULL },
		{ .flags = GIL_ACQUIRE_TRY, .deadline_ns = 1 },
		{ .flags = GIL_ACQUIRE_ENQUEUE, .deadline_ns = 1 },
		{ .flags = GIL_ACQUIRE_KEEP, .deadline_ns = 1 },
	};
	const __u32 known = (1U << 6) - 1;
	struct gil_acquire acquire;
	unsigned int i;

	EXPECT_BITS_REFUSED(GIL_IOC_ACQUIRE, gil_acquire, flags, known,
			    GIL_ACQUIRE_TRY,
			    .fast_acquires = 7, .fast_io_releases = 7);
	EXPECT_BITS_REFUSED(GIL_IOC_ACQUIRE, gil_acquire, pad, 0, 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		acquire = bad[i];
		EXPECT_REFUSED(EINVAL, GIL_IOC_ACQUIRE, &acquire,
			       "flags %#x, deadline %llu", bad[i].flags,
			       bad[i].deadline_ns);
	}
}

TEST_F_TIMEOUT(refused, release, PATIENCE)
{
	EXPECT_BITS_REFUSED(GIL_IOC_RELEASE, gil_release, flags,
			    GIL_RELEASE_IO, GIL_RELEASE_IO);
	EXPECT_BITS_REFUSED(GIL_IOC_RELEASE, gil_release, pad, 0, 0);
}

/* The smallest good size ends where the member @first_new begins. */
#define EXPECT_STATS_REFUSED(request, type, first_new, error, ids)	\
	do {								\
		static const __u32 sizes[] = {				\
			0, 1, offsetof(struct type, first_new) - 1,	\
			4097, 1U << 31, ~0U,				\
		};							\
		char room[4096], poison[4096];				\
		struct gil_stats ask = { .addr = (uintptr_t)room };	\
		unsigned int n;						\
									\
		memset(room, 0xcc, sizeof(room));			\
		memset(poison, 0xcc, sizeof(poison));			\
		for (n = 0; n < ARRAY_SIZE(sizes); n++) {		\
			ask.size = sizes[n];				\
			EXPECT_REFUSED(EINVAL, request, &ask,		\
				       "size %u", sizes[n]);		\
		}							\
		ask.size = sizeof(struct type);				\
		for (n = 0; n < ARRAY_SIZE(ids); n++) {			\
			ask.id = (ids)[n];				\
			EXPECT_REFUSED(error, request, &ask,		\
				       "id %#x", ask.id);		\
		}							\
		EXPECT_EQ(0, memcmp(room, poison, sizeof(room)));	\
	} while (0)

TEST_F_TIMEOUT(refused, lock_stats, PATIENCE)
{
	__u32 ids[32];
	unsigned int i;

	for (i = 0; i < 32; i++)
		ids[i] = 1U << i;
	EXPECT_STATS_REFUSED(GIL_IOC_LOCK_STATS, gil_lock_stats, grace_ns,
			     EINVAL, ids);
}

TEST_F_TIMEOUT(refused, thread_stats, PATIENCE)
{
	static const __u32 ids[] = {
		1000000, GIL_WORD_ID_MASK, GIL_WORD_KERNEL,
		GIL_WORD_KERNEL | 1, ~0U,
	};

	EXPECT_STATS_REFUSED(GIL_IOC_THREAD_STATS, gil_thread_stats, lock,
			     ENOENT, ids);
}

TEST_F_TIMEOUT(refused, set_interval, PATIENCE)
{
	static const __u64 bad[] = {
		0, 1, GIL_INTERVAL_MIN_NS - 1, GIL_INTERVAL_MAX_NS + 1,
		1ULL << 63, ~0ULL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		__u64 interval = bad[i];

		EXPECT_REFUSED(EINVAL, GIL_IOC_SET_INTERVAL, &interval,
			       "interval %llu", bad[i]);
	}
}

TEST_F_TIMEOUT(refused, set_policy, PATIENCE)
{
	struct gil_policy policy;

	memset(policy.name, 'f', sizeof(policy.name));
	EXPECT_REFUSED(EINVAL, GIL_IOC_SET_POLICY, &policy, "unterminated");
	policy = (struct gil_policy){ .name = "no such policy" };
	EXPECT_REFUSED(ENOENT, GIL_IOC_SET_POLICY, &policy, "unknown");
	policy = (struct gil_policy){ .name = "" };
	EXPECT_REFUSED(ENOENT, GIL_IOC_SET_POLICY, &policy, "empty");
	policy = (struct gil_policy){ .name = "fif" };
	EXPECT_REFUSED(ENOENT, GIL_IOC_SET_POLICY, &policy, "prefix");
	policy = (struct gil_policy){ .name = "fifo " };
	EXPECT_REFUSED(ENOENT, GIL_IOC_SET_POLICY, &policy, "with a blank");
}

TEST_F_TIMEOUT(refused, pointers, PATIENCE)
{
	static const struct {
		const char *name;
		unsigned long request;
	} calls[] = {
		{ "CREATE", GIL_IOC_CREATE },
		{ "ATTACH", GIL_IOC_ATTACH },
		{ "ACQUIRE", GIL_IOC_ACQUIRE },
		{ "RELEASE", GIL_IOC_RELEASE },
		{ "LOCK_STATS", GIL_IOC_LOCK_STATS },
		{ "THREAD_STATS", GIL_IOC_THREAD_STATS },
		{ "GET_INTERVAL", GIL_IOC_GET_INTERVAL },
		{ "SET_INTERVAL", GIL_IOC_SET_INTERVAL },
		{ "GET_POLICY", GIL_IOC_GET_POLICY },
		{ "SET_POLICY", GIL_IOC_SET_POLICY },
	};
	char *bad[] = {
		NULL, (char *)1, self->unmapped, self->forbidden,
		/* The first four bytes can be read, the rest cannot. */
		self->readonly + 4092,
		(char *)(uintptr_t)0xffff888000000000ULL, (char *)-4096UL,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		for (j = 0; j < ARRAY_SIZE(bad); j++)
			EXPECT_REFUSED(EFAULT, calls[i].request, bad[j],
				       "%s, pointer %p", calls[i].name,
				       bad[j]);
	EXPECT_REFUSED(EFAULT, GIL_IOC_ATTACH, self->readonly,
		       "ATTACH, read only");
	/* The kernel clears the counts in the struct, so it must be writable. */
	EXPECT_REFUSED(EFAULT, GIL_IOC_ACQUIRE, self->counts,
		       "ACQUIRE with figures, read only");
	EXPECT_REFUSED(EFAULT, GIL_IOC_GET_INTERVAL, self->readonly,
		       "GET_INTERVAL, read only");
	EXPECT_REFUSED(EFAULT, GIL_IOC_GET_POLICY, self->readonly,
		       "GET_POLICY, read only");
}

TEST_F_TIMEOUT(refused, stats_pointers, PATIENCE)
{
	char *bad[] = {
		NULL, self->unmapped, self->forbidden, self->readonly,
		(char *)(uintptr_t)0xffff888000000000ULL, (char *)-4096UL,
	};
	struct gil_stats ask = { .size = sizeof(struct gil_lock_stats) };
	/* A thread that is not attached has no figures. */
	int error = variant->caller == STRANGER ? ENOENT : EFAULT;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ask.addr = (uintptr_t)bad[i];
		ask.size = sizeof(struct gil_lock_stats);
		EXPECT_REFUSED(EFAULT, GIL_IOC_LOCK_STATS, &ask,
			       "pointer %p", bad[i]);
		ask.size = sizeof(struct gil_thread_stats);
		EXPECT_REFUSED(error, GIL_IOC_THREAD_STATS, &ask,
			       "pointer %p", bad[i]);
	}
}

static bool is_known(unsigned int request)
{
	static const unsigned int known[] = {
		GIL_IOC_CREATE, GIL_IOC_ATTACH, GIL_IOC_ACQUIRE,
		GIL_IOC_RELEASE, GIL_IOC_YIELD, GIL_IOC_CANCEL,
		GIL_IOC_LOCK_STATS, GIL_IOC_THREAD_STATS,
		GIL_IOC_GET_INTERVAL, GIL_IOC_SET_INTERVAL,
		GIL_IOC_GET_POLICY, GIL_IOC_SET_POLICY,
		GIL_IOC_BIND, GIL_IOC_UNBIND,
		GIL_IOC_GET_GRACE, GIL_IOC_SET_GRACE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (request == known[i])
			return true;
	return false;
}

TEST_F_TIMEOUT(refused, unknown_ioctls, PATIENCE)
{
	static const unsigned int sizes[] = { 0, 4, 8, 16, 24, 32, 40, 16383 };
	char room[16384] = "";
	unsigned int nr, dir, i, accepted = 0;

	/* A known number with another size or direction is unknown. */
	for (nr = 0; nr < 256; nr++)
		for (dir = 0; dir < 4; dir++)
			for (i = 0; i < ARRAY_SIZE(sizes); i++) {
				unsigned int request = _IOC(dir, GIL_IOC_MAGIC,
							    nr, sizes[i]);

				if (is_known(request))
					continue;
				if (lock_ioctl(self->fd, request, room) !=
				    ENOTTY)
					accepted++;
			}
	EXPECT_EQ(0, accepted);
	EXPECT_REFUSED(ENOTTY, _IO('N', 0x82), room, "another's magic");
	EXPECT_REFUSED(ENOTTY, 0, room, "request 0");
	EXPECT_REFUSED(ENOTTY, ~0U, room, "request ~0");
}

GIL_TEST_MAIN
