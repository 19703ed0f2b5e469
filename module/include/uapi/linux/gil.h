/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/gil: a global interpreter lock as a kernel object.
 *
 * Opening /dev/gil gives *the* global lock. GIL_IOC_CREATE, on any gil
 * descriptor, gives a new descriptor for a private lock, which fork, dup and
 * SCM_RIGHTS share and which ends with its last descriptor and mapping.
 *
 * A thread is known to a lock by a context, made by GIL_IOC_ATTACH or by the
 * thread's first GIL_IOC_ACQUIRE. A context belongs to the thread and to the
 * open file description it was made through, and ends with whichever ends
 * first. When the context of an owner ends, its owner has died: the lock goes
 * to the next in line, who is told with EOWNERDEAD. (Not if it had not claimed
 * its grant: then it did no harm.)
 *
 * Every pad and reserved field must be zero, every flag known: EINVAL. A bad
 * pointer is EFAULT, an unknown ioctl ENOTTY. A call that fails with one of
 * these has changed nothing. Times are nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef _UAPI_LINUX_GIL_H
#define _UAPI_LINUX_GIL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define GIL_UAPI_VERSION	1

/* Bytes in a policy's name, with its terminating NUL. */
#define GIL_NAME_MAX		16

/* The switch interval's range and default, ns. */
#define GIL_INTERVAL_MIN_NS	1000ULL
#define GIL_INTERVAL_MAX_NS	10000000000ULL
#define GIL_INTERVAL_DEFAULT_NS	5000000ULL

/* The shortest turn of a thread that is preempted at the interval, ns. */
#define GIL_TURN_MIN_NS		50000ULL

/*
 * struct gil_page - what mmap() of a gil descriptor shows, one page per lock
 *
 * Map exactly one page at offset 0, MAP_SHARED (else EINVAL), never PROT_EXEC
 * (EPERM). A private lock's page may be mapped writable; the global lock's
 * only readable (EPERM).
 * The kernel believes nothing that it reads here: whatever a program writes,
 * only the programs that share the private lock can be hurt by it.
 *
 * @word:	who owns the lock: the owner's context id, or 0 if nobody.
 *		GIL_WORD_KERNEL beside it says that the kernel keeps this
 *		ownership, so that only the kernel can end it: somebody waits,
 *		or the owner came through the kernel, or the last owner died.
 *		The fast path, allowed while @flags is 0:
 *		  acquire  compare-and-swap 0 -> id      (acquire order)
 *		  release  compare-and-swap id -> 0      (release order)
 *		and when the swap fails, the ioctl.
 * @drop_request: non-zero asks the owner to GIL_IOC_YIELD at its next
 *		checkpoint; the kernel clears it when the lock moves.
 * @flags:	GIL_PAGE_*: why the fast path must not be used now.
 * @version:	GIL_UAPI_VERSION of the running module.
 * @interval_ns: the lock's switch interval.
 * @fast_acquires: acquisitions by the fast path: its users add one while
 *		they own the lock.
 * @fast_io_releases: releases by the fast path because of blocking I/O: added
 *		to, likewise, just before the release.
 * @reserved:	zero, for now.
 */
struct gil_page {
	__u32 word;
	__u32 drop_request;
	__u32 flags;
	__u32 version;
	__u64 interval_ns;
	__u64 fast_acquires;
	__u64 fast_io_releases;
	__u64 reserved[3];
};

#define GIL_WORD_KERNEL		0x80000000U
#define GIL_WORD_ID_MASK	0x7fffffffU

/* A gil trace event is on: every acquisition and release must be seen. */
#define GIL_PAGE_TRACED		0x1U
/* The global lock: ownership is the kernel's word only. */
#define GIL_PAGE_KERNEL_ONLY	0x2U

/*
 * struct gil_create - GIL_IOC_CREATE: a new private lock
 *
 * @flags:	GIL_CREATE_*.
 * @pad:	must be 0.
 * @interval_ns: the switch interval, or 0 for the module's default.
 * @policy:	the policy's name, NUL-terminated, or "" for the default.
 *
 * Returns the lock's descriptor (close-on-exec). EINVAL: flags, pad, interval
 * out of range, name not terminated; ENOENT: no such policy; EMFILE, ENFILE,
 * ENOMEM.
 */
struct gil_create {
	__u32 flags;
	__u32 pad;
	__u64 interval_ns;
	char policy[GIL_NAME_MAX];
};

/*
 * Keep the figures of each thread whose context ends, to be read: see struct
 * gil_record.
 */
#define GIL_CREATE_RECORD	0x1U

/*
 * struct gil_attach - GIL_IOC_ATTACH: make the caller's context, learn its id
 *
 * Attaching again is allowed: it returns the same id.
 *
 * @flags:	must be 0.
 * @id:		out: the context's id on this lock, 1 to GIL_WORD_ID_MASK.
 * @fast_acquires, @fast_io_releases: what the caller did by the fast path
 *		since it last said, for its thread statistics. The kernel adds
 *		them and sets both to 0, so that a call restarted after a
 *		signal does not count twice.
 *
 * EINVAL; EMFILE: the thread is attached to too many locks; ENOMEM.
 */
struct gil_attach {
	__u32 flags;
	__u32 id;
	__u64 fast_acquires;
	__u64 fast_io_releases;
};

/* Descriptors of locks that one thread may be attached to at once. */
#define GIL_THREAD_LOCKS_MAX	128

/*
 * struct gil_acquire - GIL_IOC_ACQUIRE: become the owner
 *
 * Waits in the lock's queue until granted. A thread that is queued already
 * (GIL_ACQUIRE_ENQUEUE, GIL_ACQUIRE_KEEP) waits on in the place it has.
 *
 * @flags:	GIL_ACQUIRE_*.
 * @pad:	must be 0.
 * @deadline_ns: with GIL_ACQUIRE_DEADLINE when to give up, CLOCK_MONOTONIC,
 *		else 0. A time that has passed is allowed.
 * @fast_acquires, @fast_io_releases: as in struct gil_attach.
 *
 * 0: the caller owns the lock. EOWNERDEAD: the caller owns the lock, and an
 * owner before it died holding it. EINVAL; EDEADLK: the caller is the owner;
 * EBUSY: GIL_ACQUIRE_TRY, and it is not free; EINPROGRESS:
 * GIL_ACQUIRE_ENQUEUE, and the caller is in the queue; ETIMEDOUT; EINTR: a
 * signal (restarts by the rules of SA_RESTART, and, unless GIL_ACQUIRE_KEEP_INTR,
 * at the end of the queue); ENOENT: GIL_ACQUIRE_RESUME, and
 * no request waits; EMFILE, ENOMEM: the caller had no context and could not
 * get one. A request that was granted is never lost to a signal or a deadline:
 * the call returns 0.
 */
struct gil_acquire {
	__u32 flags;
	__u32 pad;
	__u64 deadline_ns;
	__u64 fast_acquires;
	__u64 fast_io_releases;
};

/* Only if it can be had at once. Not with any other flag. */
#define GIL_ACQUIRE_TRY		0x1U
/*
 * Enter the queue and return: EINPROGRESS. Then poll(): the descriptor is
 * readable, for this thread, once the lock has been granted to it. The grant
 * must be claimed by acquiring again, or given up by GIL_IOC_CANCEL. An epoll
 * set with the descriptor in it must belong to one thread.
 */
#define GIL_ACQUIRE_ENQUEUE	0x2U
/* @deadline_ns counts. Not with GIL_ACQUIRE_ENQUEUE. */
#define GIL_ACQUIRE_DEADLINE	0x4U
/*
 * Stay in the queue after EINTR, after ETIMEDOUT: to acquire again or cancel.
 * A bound thread leaves it all the same, and may not use GIL_ACQUIRE_ENQUEUE
 * (EINVAL).
 */
#define GIL_ACQUIRE_KEEP_INTR	0x8U
#define GIL_ACQUIRE_KEEP_TIMEOUT 0x10U
#define GIL_ACQUIRE_KEEP	(GIL_ACQUIRE_KEEP_INTR | GIL_ACQUIRE_KEEP_TIMEOUT)
/*
 * Only if the caller is in the queue or has been granted the lock: ENOENT.
 * Implies GIL_ACQUIRE_KEEP_INTR.
 */
#define GIL_ACQUIRE_RESUME	0x20U

/*
 * struct gil_release - GIL_IOC_RELEASE: hand the lock to the next, or free it
 *
 * @flags:	GIL_RELEASE_*.
 * @pad:	must be 0.
 *
 * EINVAL; EPERM: the caller does not own the lock, or has not claimed it.
 * A bound thread that releases runs on without the lock, until it acquires.
 */
struct gil_release {
	__u32 flags;
	__u32 pad;
};

/* The owner is about to block: counted as an I/O release. */
#define GIL_RELEASE_IO		0x1U
/*
 * Only for a bound thread (EINVAL), and only if somebody waits: the lock is
 * given up but stays put, until the thread blocks, or the lock's grace has
 * passed, or the owner was due to give way. If the thread acquires before
 * that, it has lost nothing, and no handoff took place.
 */
#define GIL_RELEASE_LAZY	0x2U

/* The grace of lazy releases: its default and its most, ns. 0: none. */
#define GIL_GRACE_DEFAULT_NS	50000ULL
#define GIL_GRACE_MAX_NS	1000000000ULL

/*
 * struct gil_bind - GIL_IOC_BIND: let the kernel keep the calling thread to
 * the lock
 *
 * A bound thread runs in user mode only as the owner: it acquires the lock
 * before it returns from this call; the kernel releases it when the thread
 * blocks, in whatever way, and acquires it again before the thread returns to
 * user mode. In the kernel it may run without. So of all threads bound to one
 * lock at most one is in user mode at any time, but for those that gave the
 * lock up themselves, by GIL_IOC_RELEASE, and have not acquired it since.
 * A wait for the lock on the way to user mode ends early only by SIGKILL, and
 * does not tell of an owner that died.
 *
 * A binding lasts until GIL_IOC_UNBIND or the thread's end, through exec too
 * (but for one that gains privileges, which ends it), and keeps the lock
 * though all its descriptors may be closed. Binding again by the same
 * descriptor changes the flags.
 *
 * @flags:	GIL_BIND_*, GIL_BIND_IO among them.
 * @pad:	must be 0.
 *
 * EINVAL; EBUSY: the caller is bound by another descriptor; EOPNOTSUPP: this
 * kernel cannot, or the module's parameter level forbids it; EMFILE, ENOMEM:
 * as for GIL_IOC_ATTACH.
 */
struct gil_bind {
	__u32 flags;
	__u32 pad;
};

/* Release when the thread blocks. */
#define GIL_BIND_IO		0x1U
/*
 * Preempt it at the switch interval, at any instruction, if somebody waits. The
 * interval is counted from when it is awake, and is GIL_TURN_MIN_NS at least.
 */
#define GIL_BIND_SLICE		0x2U
/* Threads and processes that the thread starts are bound likewise. */
#define GIL_BIND_INHERIT	0x4U
/*
 * With GIL_BIND_INHERIT: each new process gets a lock of its own, with the
 * settings of its parent's.
 */
#define GIL_BIND_PER_PROCESS	0x8U

/*
 * struct gil_stats - GIL_IOC_LOCK_STATS, GIL_IOC_THREAD_STATS: ask for figures
 *
 * @size:	bytes at @addr. Less than the first version's size is EINVAL,
 *		as is more than 4096; what the kernel does not know is zeroed.
 * @id:		GIL_IOC_THREAD_STATS: whose, or 0 for the caller;
 *		GIL_IOC_LOCK_STATS: 0.
 * @addr:	where to put a struct gil_lock_stats or gil_thread_stats.
 *
 * EINVAL; ENOENT: no context has that id; EPERM: another process's thread, on
 * the global lock, without CAP_SYS_ADMIN.
 */
struct gil_stats {
	__u32 size;
	__u32 id;
	__u64 addr;
};

/* Bucket n counts times of 2^n to 2^(n+1)-1 ns; 0 also 0 ns, the last more. */
#define GIL_HIST_BUCKETS	40

/*
 * struct gil_times - how often and how long, ns
 *
 * @count, @total_ns, @max_ns, @hist: of all that ended.
 */
struct gil_times {
	__u64 count;
	__u64 total_ns;
	__u64 max_ns;
	__u64 hist[GIL_HIST_BUCKETS];
};

/*
 * struct gil_counts - what one lock, or one thread on one lock, went through
 *
 * @fast_acquires: without the kernel, as user space counted them.
 * @slow_acquires: through the kernel.
 * @contended:	of @slow_acquires, those that had to wait.
 * @handoffs:	times the lock went from an owner straight to a waiter (for a
 *		thread: times it was that waiter).
 * @releases:	through the kernel, for any reason.
 * @io_releases: releases because of blocking I/O, fast ones included.
 * @yields:	times the owner let a waiter go first.
 * @drop_requests: times the switch interval ran out and the owner was asked.
 * @forced_switches: of @yields, those after such a request.
 * @owner_deaths: owners that died holding the lock (for a thread: 0).
 * @timeouts, @cancels, @interrupts: requests that left the queue for that
 *		reason, without the lock; and cancelled grants.
 * @lazy_releases: of @releases, those after which the lock stayed put.
 * @lazy_returns: of @lazy_releases, those whose thread was back in time.
 * @wait:	from request to grant, of all grants, claimed or not.
 * @wakeup:	from grant until the new owner runs.
 * @hold:	from grant, or from when the kernel first knew of the owner,
 *		to release.
 */
struct gil_counts {
	__u64 fast_acquires;
	__u64 slow_acquires;
	__u64 contended;
	__u64 handoffs;
	__u64 releases;
	__u64 io_releases;
	__u64 yields;
	__u64 drop_requests;
	__u64 forced_switches;
	__u64 owner_deaths;
	__u64 timeouts;
	__u64 cancels;
	__u64 interrupts;
	__u64 lazy_releases;
	__u64 lazy_returns;
	__u64 reserved[1];
	struct gil_times wait;
	struct gil_times wakeup;
	struct gil_times hold;
};

/*
 * struct gil_lock_stats - GIL_IOC_LOCK_STATS
 *
 * @lock:	the lock's number in trace events; 0 is the global lock.
 * @owner:	the owner's context id, or 0.
 * @waiting, @waiting_max: threads in the queue now, and at most so far.
 * @threads:	contexts attached.
 * @pad:	zero.
 * @interval_ns: the switch interval.
 * @policy:	the policy's name.
 * @counts:	since the lock was made.
 * @grace_ns:	of lazy releases.
 * @bound:	threads that are bound.
 * @pad2:	zero.
 */
struct gil_lock_stats {
	__u32 lock;
	__u32 owner;
	__u32 waiting;
	__u32 waiting_max;
	__u32 threads;
	__u32 pad;
	__u64 interval_ns;
	char policy[GIL_NAME_MAX];
	struct gil_counts counts;
	__u64 grace_ns;
	__u32 bound;
	__u32 pad2;
};

/*
 * struct gil_thread_stats - GIL_IOC_THREAD_STATS
 *
 * @id:		the context's id.
 * @tid:	the thread's id, as the reader's pid namespace has it, or 0.
 * @state:	GIL_STATE_*.
 * @pad:	zero.
 * @comm:	the thread's name.
 * @counts:	since the thread was attached.
 * @lock:	the lock's number.
 * @tgid:	the process's id, as @tid.
 * @bind:	GIL_BIND_*, or 0: not bound.
 * @pad2:	zero.
 * @cpu_ns:	the CPU time of the thread's whole life.
 */
struct gil_thread_stats {
	__u32 id;
	__u32 tid;
	__u32 state;
	__u32 pad;
	char comm[16];
	struct gil_counts counts;
	__u32 lock;
	__u32 tgid;
	__u32 bind;
	__u32 pad2;
	__u64 cpu_ns;
};

#define GIL_STATE_IDLE		0	/* does not want the lock */
#define GIL_STATE_QUEUED	1	/* in the queue */
#define GIL_STATE_GRANTED	2	/* the owner, and has not been told yet */
#define GIL_STATE_OWNER		3	/* the owner */
#define GIL_STATE_LAZY		4	/* released, but the lock stays put */

/*
 * struct gil_record - what read() gives on a lock made with GIL_CREATE_RECORD
 *
 * One record for each context that has ended, of the lock and of those that
 * GIL_BIND_PER_PROCESS made from it. The buffer must have room for one
 * (EINVAL); as many are read as fit. read() waits for one (EAGAIN with
 * O_NONBLOCK; EINTR) and returns 0 when there is none and no context is left
 * that could end. poll() says POLLPRI when a record is there, POLLHUP when
 * read() would return 0. EINVAL: the lock keeps no records.
 *
 * @size:	of this record, in bytes: where the next one begins.
 * @lost:	records lost before this one, for there were GIL_RECORDS_MAX.
 * @thread:	as the context ended; tids are those of the reader.
 */
struct gil_record {
	__u32 size;
	__u32 lost;
	struct gil_thread_stats thread;
};

#define GIL_RECORDS_MAX		4096

/*
 * struct gil_policy - GIL_IOC_GET_POLICY, GIL_IOC_SET_POLICY
 *
 * @name:	NUL-terminated.
 *
 * EINVAL: not terminated; ENOENT: no such policy; EPERM: setting it on the
 * global lock without CAP_SYS_ADMIN.
 */
struct gil_policy {
	char name[GIL_NAME_MAX];
};

#define GIL_IOC_MAGIC		'G'

#define GIL_IOC_CREATE		_IOW(GIL_IOC_MAGIC, 0x80, struct gil_create)
#define GIL_IOC_ATTACH		_IOWR(GIL_IOC_MAGIC, 0x81, struct gil_attach)
#define GIL_IOC_ACQUIRE		_IOWR(GIL_IOC_MAGIC, 0x82, struct gil_acquire)
#define GIL_IOC_RELEASE		_IOW(GIL_IOC_MAGIC, 0x83, struct gil_release)
/*
 * Let those who wait go first, and come back: release, enter the queue, wait.
 * 0 at once if nobody waits, or to claim a grant. EPERM: the caller does not
 * own the lock; EINTR: the caller does not own the lock but is in the queue:
 * yield or acquire again to wait on, or cancel; EOWNERDEAD as for
 * GIL_IOC_ACQUIRE.
 */
#define GIL_IOC_YIELD		_IO(GIL_IOC_MAGIC, 0x84)
/*
 * Leave the queue. A grant that came first is passed on. ENOENT: the caller
 * has no request that waits.
 */
#define GIL_IOC_CANCEL		_IO(GIL_IOC_MAGIC, 0x85)
#define GIL_IOC_LOCK_STATS	_IOW(GIL_IOC_MAGIC, 0x86, struct gil_stats)
#define GIL_IOC_THREAD_STATS	_IOW(GIL_IOC_MAGIC, 0x87, struct gil_stats)
/*
 * The switch interval, ns. EINVAL: out of range; EPERM: setting it on the
 * global lock without CAP_SYS_ADMIN.
 */
#define GIL_IOC_GET_INTERVAL	_IOR(GIL_IOC_MAGIC, 0x88, __u64)
#define GIL_IOC_SET_INTERVAL	_IOW(GIL_IOC_MAGIC, 0x89, __u64)
#define GIL_IOC_GET_POLICY	_IOR(GIL_IOC_MAGIC, 0x8a, struct gil_policy)
#define GIL_IOC_SET_POLICY	_IOW(GIL_IOC_MAGIC, 0x8b, struct gil_policy)
#define GIL_IOC_BIND		_IOW(GIL_IOC_MAGIC, 0x8c, struct gil_bind)
/* Give the lock up and be an ordinary thread again. ENOENT: not bound by this. */
#define GIL_IOC_UNBIND		_IO(GIL_IOC_MAGIC, 0x8d)
/*
 * The grace of lazy releases, ns. EINVAL: more than GIL_GRACE_MAX_NS; EPERM:
 * as for the switch interval.
 */
#define GIL_IOC_GET_GRACE	_IOR(GIL_IOC_MAGIC, 0x8e, __u64)
#define GIL_IOC_SET_GRACE	_IOW(GIL_IOC_MAGIC, 0x8f, __u64)

#endif /* _UAPI_LINUX_GIL_H */
