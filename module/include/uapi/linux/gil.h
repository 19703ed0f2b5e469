/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/gil: a global interpreter lock as a kernel object.
 *
 * Opening /dev/gil gives *the* global lock. GIL_IOC_CREATE, on any gil
 * descriptor, makes a private lock and returns a new descriptor of that lock.
 * fork, dup and SCM_RIGHTS share a private lock. The lock ends when its last
 * descriptor and its last mapping are gone.
 *
 * A lock knows each thread by a context, which is made by GIL_IOC_ATTACH or by
 * the thread's first GIL_IOC_ACQUIRE. A context belongs to one thread and to the
 * open file description that it was made through. It ends with whichever of the
 * two ends first. When the context of an owner ends, the owner counts as dead:
 * the lock goes to the next thread in the queue, and that thread's call fails
 * with EOWNERDEAD, although the thread now owns the lock. The death of a thread
 * that has not claimed its grant yet does no harm and is not reported.
 *
 * EINVAL: a pad or reserved field is not zero, or a flag is unknown. EFAULT: a
 * pointer is bad. ENOTTY: the ioctl is unknown. EBADF: the descriptor is open
 * for reading only, which is enough for GIL_IOC_CREATE, *_STATS and GIL_IOC_GET_*
 * and for a readable page, but not to use the lock or to change it. A call that
 * fails with one of these has changed nothing. Times are in nanoseconds of
 * CLOCK_MONOTONIC, as it is in the caller's time namespace.
 */
#ifndef _UAPI_LINUX_GIL_H
#define _UAPI_LINUX_GIL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define GIL_UAPI_VERSION	1

/* The bytes of a policy's name, with the terminating NUL. */
#define GIL_NAME_MAX		16

/* The switch interval's range and default, in ns. */
#define GIL_INTERVAL_MIN_NS	1000ULL
#define GIL_INTERVAL_MAX_NS	10000000000ULL
#define GIL_INTERVAL_DEFAULT_NS	5000000ULL

/* The shortest turn of a thread that is preempted at the interval, in ns. */
#define GIL_TURN_MIN_NS		50000ULL
/*
 * A thread that is preempted at the interval and has been granted the lock, but
 * gets no CPU, loses its grant after two intervals. This is the least time, ns.
 */
#define GIL_WAKE_NS		10000000ULL

/*
 * struct gil_page - what mmap() of a gil descriptor shows, one page per lock
 *
 * Map exactly one page at offset 0 with MAP_SHARED (otherwise EINVAL) and
 * without PROT_EXEC (otherwise EPERM). A private lock's page may be mapped
 * writable. The global lock's page may only be mapped readable (otherwise
 * EPERM).
 * The kernel trusts nothing that it reads here. Whatever a program writes, it
 * can only harm the programs that share the private lock.
 *
 * @word:	the context id of the lock's owner, or 0 if there is none. If
 *		GIL_WORD_KERNEL is set too, only the kernel can end the
 *		ownership, because a thread waits, or because the owner acquired
 *		by the ioctl, or because the last owner died.
 *		While @flags is 0, a thread may take the fast path:
 *		  acquire  compare-and-swap 0 -> id      (acquire order)
 *		  release  compare-and-swap id -> 0      (release order)
 *		When the swap fails, the thread must use the ioctl.
 * @drop_request: not zero: the owner should call GIL_IOC_YIELD at its next
 *		checkpoint. The kernel clears it when the lock moves.
 * @flags:	GIL_PAGE_*: why the fast path must not be used now.
 * @version:	GIL_UAPI_VERSION of the running module.
 * @interval_ns: the lock's switch interval.
 * @fast_acquires: acquisitions by the fast path. A thread adds one while it
 *		owns the lock.
 * @fast_io_releases: releases by the fast path because of blocking I/O. A
 *		thread adds one just before such a release.
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

/* A gil trace event is on, and has to see every acquisition and release. */
#define GIL_PAGE_TRACED		0x1U
/* This is the global lock, which has no fast path. */
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
 * Keep the figures of each thread whose context ends, for read(): see struct
 * gil_record.
 */
#define GIL_CREATE_RECORD	0x1U

/*
 * struct gil_attach - GIL_IOC_ATTACH: make the caller's context, learn its id
 *
 * Attaching again is allowed and returns the same id.
 *
 * @flags:	must be 0.
 * @id:		out: the context's id on this lock, 1 to GIL_WORD_ID_MASK.
 * @fast_acquires, @fast_io_releases: how often the caller has used the fast
 *		path since it last told the kernel. The kernel adds both to the
 *		thread's statistics and sets them to 0. So a call that restarts
 *		after a signal does not count them twice.
 *
 * EINVAL; EMFILE: the thread is attached to too many locks; ENOMEM.
 */
struct gil_attach {
	__u32 flags;
	__u32 id;
	__u64 fast_acquires;
	__u64 fast_io_releases;
};

/* How many descriptors of locks one thread may be attached to at once. */
#define GIL_THREAD_LOCKS_MAX	128

/*
 * struct gil_acquire - GIL_IOC_ACQUIRE: become the owner
 *
 * Waits in the lock's queue until the lock is granted. A thread that is in the
 * queue already (GIL_ACQUIRE_ENQUEUE, GIL_ACQUIRE_KEEP) keeps its place.
 *
 * @flags:	GIL_ACQUIRE_*.
 * @pad:	must be 0.
 * @deadline_ns: with GIL_ACQUIRE_DEADLINE the time at which to give up, by
 *		CLOCK_MONOTONIC; without it 0. It may be in the past.
 * @fast_acquires, @fast_io_releases: as in struct gil_attach.
 *
 * 0: the caller owns the lock. EOWNERDEAD: the caller owns the lock, and an
 * owner before it died while it held the lock. EINVAL; EDEADLK: the caller is
 * the owner already; EBUSY: GIL_ACQUIRE_TRY, and the lock is not free;
 * EINPROGRESS: GIL_ACQUIRE_ENQUEUE, and the caller is in the queue; ETIMEDOUT;
 * EINTR: a signal. With SA_RESTART the call restarts, at the end of the queue
 * unless GIL_ACQUIRE_KEEP_INTR is set; ENOENT: GIL_ACQUIRE_RESUME, and the
 * caller has no request; EMFILE, ENOMEM: the caller had no context and could
 * not get one. A signal or a deadline never loses a grant: once the lock is
 * granted, the call returns 0 or EOWNERDEAD.
 */
struct gil_acquire {
	__u32 flags;
	__u32 pad;
	__u64 deadline_ns;
	__u64 fast_acquires;
	__u64 fast_io_releases;
};

/* Do not wait if the lock is not free. May not be set with any other flag. */
#define GIL_ACQUIRE_TRY		0x1U
/*
 * Enter the queue and return EINPROGRESS. poll() then reports the descriptor as
 * readable, to this thread, once the lock has been granted to it. Acquire again
 * to claim the grant, or give it up by GIL_IOC_CANCEL. An epoll set that holds
 * the descriptor must belong to one thread.
 */
#define GIL_ACQUIRE_ENQUEUE	0x2U
/* Give up at @deadline_ns. May not be set with GIL_ACQUIRE_ENQUEUE. */
#define GIL_ACQUIRE_DEADLINE	0x4U
/*
 * Stay in the queue after EINTR or after ETIMEDOUT. Then acquire again, or
 * cancel. A bound thread leaves the queue in spite of these flags, and may not
 * use GIL_ACQUIRE_ENQUEUE (EINVAL).
 */
#define GIL_ACQUIRE_KEEP_INTR	0x8U
#define GIL_ACQUIRE_KEEP_TIMEOUT 0x10U
#define GIL_ACQUIRE_KEEP	(GIL_ACQUIRE_KEEP_INTR | GIL_ACQUIRE_KEEP_TIMEOUT)
/*
 * Fail with ENOENT unless the caller is in the queue or has been granted the
 * lock. Implies GIL_ACQUIRE_KEEP_INTR.
 */
#define GIL_ACQUIRE_RESUME	0x20U

/*
 * struct gil_release - GIL_IOC_RELEASE: hand the lock to the next, or free it
 *
 * @flags:	GIL_RELEASE_*.
 * @pad:	must be 0.
 *
 * EINVAL; EPERM: the caller does not own the lock, or has not claimed it.
 * A bound thread that releases runs on without the lock until it acquires.
 */
struct gil_release {
	__u32 flags;
	__u32 pad;
};

/* The owner is about to block. Counts as an I/O release. */
#define GIL_RELEASE_IO		0x1U
/*
 * Only a bound thread may set this flag (EINVAL), and it only has an effect if
 * another thread waits. The caller gives the lock up, but the lock stays put
 * until the caller blocks, or the lock's grace has passed, or an owner would be
 * asked to give way. If the caller acquires before that, it has lost nothing,
 * and no handoff took place.
 */
#define GIL_RELEASE_LAZY	0x2U

/* The grace of lazy releases: its default and its maximum, in ns. 0: none. */
#define GIL_GRACE_DEFAULT_NS	50000ULL
#define GIL_GRACE_MAX_NS	1000000000ULL

/*
 * struct gil_bind - GIL_IOC_BIND: let the kernel make the calling thread use
 * the lock
 *
 * A bound thread runs in user mode only as the owner. It acquires the lock
 * before it returns from this call. The kernel releases the lock when the
 * thread blocks, for whatever reason, and acquires it again before the thread
 * returns to user mode. In the kernel the thread may run without the lock. At
 * any time at most one thread bound to a lock is in user mode, except for
 * threads that have called GIL_IOC_RELEASE and not acquired the lock since.
 * While a thread waits for the lock on its way to user mode, only SIGKILL ends
 * the wait, and the death of an owner is not reported.
 *
 * A binding lasts until GIL_IOC_UNBIND or until the thread ends. It survives
 * exec, unless the exec gains privileges. It keeps the lock alive even when all
 * descriptors are closed. Binding again by the same descriptor changes the
 * flags.
 *
 * @flags:	GIL_BIND_*. GIL_BIND_IO must be set.
 * @pad:	must be 0.
 *
 * EINVAL; EBUSY: the caller is bound by another descriptor; EOPNOTSUPP: this
 * kernel cannot bind threads, or the module's parameter level forbids it;
 * EMFILE, ENOMEM: as for GIL_IOC_ATTACH.
 */
struct gil_bind {
	__u32 flags;
	__u32 pad;
};

/* Release the lock when the thread blocks. */
#define GIL_BIND_IO		0x1U
/*
 * If another thread waits, preempt this one at the switch interval, at any
 * instruction. The interval is counted from when this thread is awake as the
 * owner, and is at least GIL_TURN_MIN_NS.
 */
#define GIL_BIND_SLICE		0x2U
/* Bind the threads and processes that this thread starts in the same way. */
#define GIL_BIND_INHERIT	0x4U
/*
 * With GIL_BIND_INHERIT: give each new process a private lock of its own, with
 * the settings of its parent's lock.
 */
#define GIL_BIND_PER_PROCESS	0x8U

/*
 * struct gil_stats - GIL_IOC_LOCK_STATS, GIL_IOC_THREAD_STATS: read figures
 *
 * @size:	the bytes at @addr, at least the size of the structure's first
 *		version and at most 4096 (otherwise EINVAL). The kernel zeroes
 *		what it does not know.
 * @id:		for GIL_IOC_THREAD_STATS the context's id, or 0 for the caller's;
 *		for GIL_IOC_LOCK_STATS 0.
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

/*
 * Bucket n counts the times from 2^n to 2^(n+1)-1 ns. The first bucket also
 * counts 0 ns, and the last one also all longer times.
 */
#define GIL_HIST_BUCKETS	40

/*
 * struct gil_times - how often something took time, and how long, in ns
 *
 * @count, @total_ns, @max_ns, @hist: of all that have ended.
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
 * @fast_acquires: by the fast path, as user space counted them.
 * @slow_acquires: through the kernel.
 * @contended:	those of @slow_acquires that had to wait.
 * @handoffs:	times the lock went from an owner straight to a waiter (for a
 *		thread: times it was that waiter).
 * @releases:	through the kernel, for any reason.
 * @io_releases: releases because of blocking I/O, by the fast path too.
 * @yields:	times the owner let a waiter go first.
 * @drop_requests: times the kernel asked the owner to give way.
 * @forced_switches: those of @yields that followed such a request, and each time
 *		that the kernel took the lock from a thread without a CPU.
 * @owner_deaths: owners that died while they held the lock (for a thread: 0).
 * @timeouts, @cancels, @interrupts: requests that left the queue for that
 *		reason without the lock. @cancels also counts the grants that
 *		were given up by GIL_IOC_CANCEL.
 * @lazy_releases: those of @releases after which the lock stayed put.
 * @lazy_returns: those of @lazy_releases whose thread was back in time.
 * @wait:	from request to grant, of all grants, claimed or not, or to the
 *		acquisition if the policy grants nothing.
 * @wakeup:	from the grant until the new owner runs.
 * @hold:	to the release, from the grant, or from when the kernel first
 *		knew of an owner by the fast path.
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
 * @lock:	the lock's number in trace events. 0 is the global lock.
 * @owner:	the owner's context id, or 0.
 * @waiting, @waiting_max: threads in the queue, now and at most so far.
 * @threads:	the contexts of this lock.
 * @pad:	zero.
 * @interval_ns: the switch interval.
 * @policy:	the policy's name.
 * @counts:	since the lock was made.
 * @grace_ns:	the grace of lazy releases.
 * @bound:	the threads that are bound to the lock.
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
 * @tid:	the thread's id in the reader's pid namespace, or 0 if it has
 *		none there.
 * @state:	GIL_STATE_*.
 * @pad:	zero.
 * @comm:	the thread's name.
 * @counts:	since the thread was attached.
 * @lock:	the lock's number.
 * @tgid:	the process's id in the reader's pid namespace, or 0.
 * @bind:	GIL_BIND_*, or 0 if the thread is not bound.
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
#define GIL_STATE_QUEUED	1	/* waits in the queue */
#define GIL_STATE_GRANTED	2	/* the owner, but has not claimed yet */
#define GIL_STATE_OWNER		3	/* the owner */
#define GIL_STATE_LAZY		4	/* released, but the lock stays put */

/*
 * struct gil_record - what read() gives on a lock made with GIL_CREATE_RECORD
 *
 * There is one record for each context that has ended, of this lock and of the
 * locks that GIL_BIND_PER_PROCESS made from it. read() fills the buffer with
 * whole records. If the buffer has no room for one record, but for one of the
 * first version, the record is cut. EINVAL: the buffer is shorter than that, or
 * the lock keeps no records. read() waits for a record (EAGAIN with O_NONBLOCK; EINTR).
 * It returns 0 when there is no record and no context is left that could end.
 * poll() reports POLLPRI when there is a record, and POLLHUP when read() would
 * return 0.
 *
 * @size:	the bytes of this record; the next one begins after them.
 * @lost:	how many records were lost before this one, because
 *		GIL_RECORDS_MAX were waiting to be read. If the last ones were
 *		lost, a record that ends before @thread comes at the end.
 * @thread:	the figures when the context ended. Its thread and process ids
 *		are those of the reader's pid namespace.
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
 * Let the threads that wait go first: release, enter the queue, and wait for
 * the lock again. Returns 0 at once if nobody waits, or if the caller had a
 * grant to claim. EPERM: the caller does not own the lock; EINTR: the caller
 * does not own the lock but is in the queue. It may yield or acquire to wait
 * on, or cancel; EOWNERDEAD: as for GIL_IOC_ACQUIRE.
 */
#define GIL_IOC_YIELD		_IO(GIL_IOC_MAGIC, 0x84)
/*
 * Leave the queue. If the lock has been granted to the caller already, pass it
 * on. ENOENT: the caller has neither a place in the queue nor a grant.
 */
#define GIL_IOC_CANCEL		_IO(GIL_IOC_MAGIC, 0x85)
#define GIL_IOC_LOCK_STATS	_IOW(GIL_IOC_MAGIC, 0x86, struct gil_stats)
#define GIL_IOC_THREAD_STATS	_IOW(GIL_IOC_MAGIC, 0x87, struct gil_stats)
/*
 * The switch interval, in ns. EINVAL: out of range; EPERM: setting it on the
 * global lock without CAP_SYS_ADMIN.
 */
#define GIL_IOC_GET_INTERVAL	_IOR(GIL_IOC_MAGIC, 0x88, __u64)
#define GIL_IOC_SET_INTERVAL	_IOW(GIL_IOC_MAGIC, 0x89, __u64)
#define GIL_IOC_GET_POLICY	_IOR(GIL_IOC_MAGIC, 0x8a, struct gil_policy)
#define GIL_IOC_SET_POLICY	_IOW(GIL_IOC_MAGIC, 0x8b, struct gil_policy)
#define GIL_IOC_BIND		_IOW(GIL_IOC_MAGIC, 0x8c, struct gil_bind)
/*
 * Give the lock up and be an ordinary thread again. ENOENT: the caller is not
 * bound by this descriptor.
 */
#define GIL_IOC_UNBIND		_IO(GIL_IOC_MAGIC, 0x8d)
/*
 * The grace of lazy releases, in ns. EINVAL: more than GIL_GRACE_MAX_NS; EPERM:
 * as for the switch interval.
 */
#define GIL_IOC_GET_GRACE	_IOR(GIL_IOC_MAGIC, 0x8e, __u64)
#define GIL_IOC_SET_GRACE	_IOW(GIL_IOC_MAGIC, 0x8f, __u64)

#endif /* _UAPI_LINUX_GIL_H */
