// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel takes the lock from a bound thread that blocks, in whatever way,
 * and gives it back before the thread runs in user mode again. For each way to
 * block, one process blocks while another bound process runs on. Then the test
 * lets the first process continue, and that process must own the lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#include "main.h"
#include "process.h"
#include "stage.h"

/* What the test shares with the process that blocks. */
struct room {
	int pipe[2], socket[2], event, timer, lock, other_lock;
	int file_one, file_two, queue, semaphores, uffd;
	char *fault;
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	__u32 word;
};

static struct room *room;

/* The actor that blocks. */
static struct actor *blocker;

/* A function with this result: 0, or an errno. */
#define WITH_RESULT(name, result)					\
	static int name(void)						\
	{								\
		return result;						\
	}

/* A function that makes one call: 0 if that was successful, or an errno. */
#define ONE_CALL(name, success)						\
	WITH_RESULT(name, (success) ? 0 : errno)

static char byte;

/* Ways to block. They return 0 once the test has let them continue. */
ONE_CALL(by_read, read(room->pipe[0], &byte, 1) == 1)

static int by_write(void)
{
	static char bytes[1 << 17];
	ssize_t n = write(room->pipe[1], bytes, sizeof(bytes));

	return n == sizeof(bytes) ? 0 : errno;
}

static int by_nanosleep(void)
{
	struct timespec hour = { .tv_sec = 3600 };

	return nanosleep(&hour, NULL) && errno == EINTR ? 0 : EINVAL;
}

WITH_RESULT(by_pause, pause() && errno == EINTR ? 0 : EINVAL)

static int by_sigwait(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (sigwait(&set, &sig))
		return EINVAL;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 0;
}

static int by_futex(void)
{
	while (!__atomic_load_n(&room->word, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &room->word, FUTEX_WAIT, 0, NULL, NULL, 0);
	return 0;
}

WITH_RESULT(by_mutex, pthread_mutex_lock(&room->mutex) ?:
	    pthread_mutex_unlock(&room->mutex))

static int by_condition(void)
{
	pthread_mutex_lock(&room->mutex);
	while (!room->word)
		pthread_cond_wait(&room->condition, &room->mutex);
	pthread_mutex_unlock(&room->mutex);
	return 0;
}

static int by_poll(void)
{
	struct pollfd poll_fd = { .fd = room->event, .events = POLLIN };

	return poll(&poll_fd, 1, -1) == 1 ? 0 : errno;
}

static int by_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(room->event, &set);
	return select(room->event + 1, &set, NULL, NULL, NULL) == 1 ?
		0 : errno;
}

static int by_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC), err = 0;

	if (epoll_ctl(fd, EPOLL_CTL_ADD, room->event, &event) ||
	    epoll_wait(fd, &event, 1, -1) != 1)
		err = errno;
	close(fd);
	return err;
}

static int read_count(int fd)
{
	__u64 value;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? 0 : errno;
}

WITH_RESULT(by_eventfd, read_count(room->event))
WITH_RESULT(by_timerfd, read_count(room->timer))
ONE_CALL(by_recv, recv(room->socket[0], &byte, 1, 0) == 1)
ONE_CALL(by_flock, !flock(room->file_one, LOCK_EX))

static int by_msgrcv(void)
{
	struct { long type; char byte; } message;

	return msgrcv(room->queue, &message, 1, 0, 0) == 1 ? 0 : errno;
}

static int by_semop(void)
{
	struct sembuf down = { .sem_op = -1 };

	return semop(room->semaphores, &down, 1) ? errno : 0;
}

static int by_wait(void)
{
	pid_t child = fork();

	if (!child) {
		by_read();
		_exit(0);
	}
	return child_status(child);
}

static int by_vfork(void)
{
	pid_t child = vfork();

	if (!child) {
		by_read();
		_exit(0);
	}
	return child_status(child);
}

static void *read_in_thread(void *arg)
{
	return by_read() ? arg : NULL;
}

static int by_join(void)
{
	pthread_t thread;
	void *result;

	return pthread_create(&thread, NULL, read_in_thread, room) ?:
		pthread_join(thread, &result) ?: (result ? EINVAL : 0);
}

/* A lock that it is not bound to. */
WITH_RESULT(by_other_lock, lock_turn(room->other_lock))
WITH_RESULT(by_fault, *(volatile char *)room->fault)
ONE_CALL(by_fault_in_kernel,
	 write(room->event, room->fault, sizeof(__u64)) == sizeof(__u64))
ONE_CALL(by_stop, !kill(getpid(), SIGSTOP))

/* It runs in user mode when the test stops it. */
static int by_stop_from_outside(void)
{
	while (!__atomic_load_n(&room->word, __ATOMIC_ACQUIRE))
		;
	return 0;
}

/* What the test does to let it continue. */
ONE_CALL(let_write, write(room->pipe[1], "", 1) == 1)

static int let_read(void)
{
	static char bytes[1 << 16];

	while (!actor_ended(blocker)) {
		struct pollfd poll_fd = { room->pipe[0], POLLIN, 0 };

		if (poll(&poll_fd, 1, 1) == 1 &&
		    read(room->pipe[0], bytes, sizeof(bytes)) < 0)
			return errno;
	}
	return 0;
}

ONE_CALL(let_signal, !kill(blocker->pid, SIGUSR1))

static int let_futex(void)
{
	__atomic_store_n(&room->word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &room->word, FUTEX_WAKE, 1, NULL, NULL, 0);
	return 0;
}

WITH_RESULT(let_mutex, pthread_mutex_unlock(&room->mutex))

static int let_condition(void)
{
	pthread_mutex_lock(&room->mutex);
	room->word = 1;
	pthread_cond_signal(&room->condition);
	return pthread_mutex_unlock(&room->mutex);
}

static int let_event(void)
{
	__u64 one = 1;

	return write(room->event, &one, sizeof(one)) == sizeof(one) ?
		0 : errno;
}

static int let_timer(void)
{
	struct itimerspec soon = { .it_value.tv_nsec = 1 };

	return timerfd_settime(room->timer, 0, &soon, NULL) ? errno : 0;
}

ONE_CALL(let_send, send(room->socket[1], "", 1, 0) == 1)
ONE_CALL(let_flock, !flock(room->file_two, LOCK_UN))

static int let_msgsnd(void)
{
	struct { long type; char byte; } message = { 1, 0 };

	return msgsnd(room->queue, &message, 1, 0) ? errno : 0;
}

static int let_semop(void)
{
	struct sembuf up = { .sem_op = 1 };

	return semop(room->semaphores, &up, 1) ? errno : 0;
}

WITH_RESULT(let_other_lock, lock_release(room->other_lock, 0))

static int let_fault(void)
{
	struct uffdio_zeropage zero = {
		.range.start = (uintptr_t)room->fault,
		.range.len = sysconf(_SC_PAGESIZE),
	};

	return ioctl(room->uffd, UFFDIO_ZEROPAGE, &zero) ? errno : 0;
}

static int let_continue(void)
{
	__atomic_store_n(&room->word, 1, __ATOMIC_RELEASE);
	return kill(blocker->pid, SIGCONT) ? errno : 0;
}

/* What the test does to make it block, if it does not block by itself. */
ONE_CALL(make_stop, !kill(blocker->pid, SIGSTOP))

static int make_traced(void)
{
	int status;

	if (ptrace(PTRACE_SEIZE, blocker->pid, NULL, NULL) ||
	    ptrace(PTRACE_INTERRUPT, blocker->pid, NULL, NULL))
		return errno;
	return waitpid(blocker->pid, &status, 0) == blocker->pid &&
		WIFSTOPPED(status) ? 0 : EINVAL;
}

static int let_detach(void)
{
	__atomic_store_n(&room->word, 1, __ATOMIC_RELEASE);
	return ptrace(PTRACE_DETACH, blocker->pid, NULL, NULL) ? errno : 0;
}

/*
 * Prepare what the way to block needs: 0, an errno, or ENOSYS if this kernel
 * does not have it.
 */
static int need_full_pipe(void)
{
	char bytes[4096] = "";

	fcntl(room->pipe[1], F_SETFL, O_NONBLOCK);
	while (write(room->pipe[1], bytes, sizeof(bytes)) > 0)
		;
	fcntl(room->pipe[1], F_SETFL, 0);
	return 0;
}

WITH_RESULT(need_mutex, pthread_mutex_lock(&room->mutex))

static int need_flock(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	room->file_one = fd;
	room->file_two = open(path, O_RDWR);
	return fd < 0 || room->file_two < 0 ||
	       flock(room->file_two, LOCK_EX) ? errno : 0;
}

static int need_queue(void)
{
	room->queue = msgget(IPC_PRIVATE, 0600);
	return room->queue < 0 ? errno : 0;
}

static int need_semaphores(void)
{
	room->semaphores = semget(IPC_PRIVATE, 1, 0600);
	return room->semaphores < 0 ? errno : 0;
}

static int need_other_lock(void)
{
	room->other_lock = lock_create(0);
	return room->other_lock < 0 ? -room->other_lock :
		lock_acquire(room->other_lock, 0, 0);
}

/* Shared memory whose first touch waits for the test. */
static int need_uffd(void)
{
	size_t size = sysconf(_SC_PAGESIZE);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range.len = size,
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	room->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (room->uffd < 0)
		return ENOSYS;
	room->fault = shared_new(size);
	reg.range.start = (uintptr_t)room->fault;
	if (ioctl(room->uffd, UFFDIO_API, &api) ||
	    ioctl(room->uffd, UFFDIO_REGISTER, &reg))
		return errno;
	return 0;
}

FIXTURE(blocks)
{
	STAGE;
};

FIXTURE_VARIANT(blocks)
{
	int (*need)(void);
	int (*by)(void);
	int (*make)(void);
	int (*let)(void);
	/* A thread of the test has to block, not a process. */
	bool thread;
};

#define WAY(way, how_let, ...)						\
	FIXTURE_VARIANT_ADD(blocks, way) {				\
		.by = by_##way, .let = how_let, ##__VA_ARGS__		\
	}

WAY(read, let_write);
WAY(write, let_read, .need = need_full_pipe);
WAY(nanosleep, let_signal);
WAY(pause, let_signal);
WAY(sigwait, let_signal);
WAY(futex, let_futex);
WAY(mutex, let_mutex, .need = need_mutex);
WAY(condition, let_condition);
WAY(poll, let_event);
WAY(select, let_event);
WAY(epoll, let_event);
WAY(eventfd, let_event);
WAY(timerfd, let_timer);
WAY(recv, let_send);
WAY(flock, let_flock, .need = need_flock);
WAY(msgrcv, let_msgsnd, .need = need_queue);
WAY(semop, let_semop, .need = need_semaphores);
WAY(wait, let_write);
WAY(vfork, let_write);
WAY(join, let_write);
WAY(other_lock, let_other_lock, .need = need_other_lock);
WAY(fault, let_fault, .need = need_uffd, .thread = true);
WAY(fault_in_kernel, let_fault, .need = need_uffd, .thread = true);
WAY(stop, let_continue);
WAY(stop_from_outside, let_continue, .make = make_stop);
FIXTURE_VARIANT_ADD(blocks, ptrace_stop) {
	.by = by_stop_from_outside,
	.make = make_traced,
	.let = let_detach,
};

static void furnish(void)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t condition;

	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&room->mutex, &mutex);
	pthread_condattr_init(&condition);
	pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&room->condition, &condition);
	room->queue = -1;
	room->semaphores = -1;
	room->event = eventfd(0, EFD_CLOEXEC);
	room->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

FIXTURE_SETUP(blocks)
{
	int err;

	ASSERT_EQ(0, count_signal(SIGUSR1, 0));
	room = shared_new(sizeof(*room));
	ASSERT_NE(NULL, room);
	furnish();
	ASSERT_EQ(0, pipe(room->pipe));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, room->socket));
	err = variant->need ? variant->need() : 0;
	if (err == ENOSYS)
		SKIP(return, "this kernel, or this user, has it not");
	ASSERT_EQ(0, err);
	/* The interval is so long that only blocking gives the lock up. */
	ASSERT_EQ(0, stage_open(&self->stage, 2, GIL_INTERVAL_MAX_NS));
	blocker = self->a;
	ASSERT_EQ(0, actors_start_bound(blocker, 1, variant->thread ?
					ACTOR_THREAD : ACTOR_PROCESS, self->fd,
					GIL_BIND_IO));
	START_BOUND(self->b, GIL_BIND_IO);
}

FIXTURE_TEARDOWN(blocks)
{
	if (room->queue >= 0)
		msgctl(room->queue, IPC_RMID, NULL);
	if (room->semaphores >= 0)
		semctl(room->semaphores, 0, IPC_RMID);
}

static int (*chosen)(void);

/* Block; then note the own state before anything else can block. */
static int act_block(struct actor *actor)
{
	int err = chosen();

	return err ?: act_own_state(actor);
}

/* Tell the process the way to block, because it was started before. */
static int act_choose(struct actor *actor)
{
	chosen = (int (*)(void))(uintptr_t)actor->argument;
	return 0;
}

TEST_F_TIMEOUT(blocks, and_another_runs, PATIENCE)
{
	__u64 before, seen;

	blocker->argument = (uintptr_t)variant->by;
	ASSERT_EQ(0, actor_do(blocker, act_choose));
	ASSERT_TRUE(until_owner(self->fd, 0));
	before = thread_counts(self->fd, blocker->id).io_releases;
	actor_begin(blocker, act_block);
	if (variant->make) {
		ASSERT_TRUE(until_owner(self->fd, blocker->id));
		ASSERT_EQ(0, variant->make());
	}
	/* It owned the lock on its way to blocking, and then lost it. */
	while (thread_counts(self->fd, blocker->id).io_releases == before)
		usleep(200);
	ASSERT_TRUE(UNTIL_STATE(blocker->id, IDLE));
	EXPECT_EQ(0, lock_owner(self->fd));

	EXPECT_TRUE(actor_hogs(self->b));
	EXPECT_EQ(self->b->id, lock_owner(self->fd));
	EXPECT_STATE(blocker->id, IDLE);

	/* What it waited for is there, but it still has to wait for the lock. */
	if (variant->let == let_read)
		self->b->stop = true;
	EXPECT_EQ(0, variant->let());
	if (variant->let != let_read) {
		EXPECT_TRUE(UNTIL_STATE(blocker->id, QUEUED));
		EXPECT_FALSE(actor_ended(blocker));
		seen = self->b->rounds;
		EXPECT_TRUE(actor_runs(self->b));
		EXPECT_LT(seen, self->b->rounds);
		self->b->stop = true;
	}
	EXPECT_EQ(0, actor_end(self->b));
	EXPECT_EQ(0, actor_end(blocker));
	EXPECT_EQ(GIL_STATE_OWNER, blocker->answer);
	EXPECT_TRUE(until_owner(self->fd, 0));
}

STAGE_FIXTURE(counted)

FIXTURE_SETUP(counted)
{
	ASSERT_EQ(0, stage_open(&self->stage, 0, GIL_INTERVAL_MAX_NS));
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	ASSERT_EQ(0, lock_attach(self->fd, &self->id));
}

TEST_F_TIMEOUT(counted, each_block_is_a_release, PATIENCE)
{
	__u64 before = thread_counts(self->fd, self->id).io_releases;
	/* Long enough not to be over before the thread has blocked. */
	struct timespec pause = { .tv_nsec = 20 * MS };
	int i;

	for (i = 0; i < 50; i++)
		nanosleep(&pause, NULL);
	EXPECT_EQ(before + 50, thread_counts(self->fd, self->id).io_releases);
}

/* A call that does not block is no release, nor is preemption. */
TEST_F_TIMEOUT(counted, nothing_else_is, PATIENCE)
{
	__u64 before = thread_counts(self->fd, self->id).io_releases;
	__u64 end = now_ns() + 100 * MS;
	char byte = 0;
	int fds[2], i;

	ASSERT_EQ(0, pipe(fds));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(1, write(fds[1], &byte, 1));
		ASSERT_EQ(1, read(fds[0], &byte, 1));
	}
	while (now_ns() < end)
		sched_yield();
	EXPECT_EQ(before, thread_counts(self->fd, self->id).io_releases);
	EXPECT_EQ(0, thread_counts(self->fd, self->id).yields);
	EXPECT_EQ(GIL_STATE_OWNER, thread_state(self->fd, self->id));
}

GIL_BOUND_TEST_MAIN
