// SPDX-License-Identifier: GPL-2.0
/*
 * Bound threads that are traced, and bound threads under a seccomp filter. A
 * stopped thread does not have the lock, and has it again before it continues.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "main.h"
#include "process.h"
#include "stage.h"

#define STEPS	200

STAGE_FIXTURE(traced)

FIXTURE_SETUP(traced)
{
	ASSERT_EQ(0, stage_open(&self->stage, 2, MS / 4));
	ASSERT_EQ(0, actors_start_bound(self->actors, 2, ACTOR_PROCESS,
					self->fd, SLICED));
}

/* The next stop of PID, or 0. */
static int stop_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) ?
		WSTOPSIG(status) : 0;
}

static bool interrupted(pid_t pid)
{
	return !ptrace(PTRACE_SEIZE, pid, NULL, NULL) &&
	       !ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) &&
	       stop_of(pid) == SIGTRAP;
}

static bool stepped(pid_t pid)
{
	return !ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) &&
	       stop_of(pid) == SIGTRAP;
}

#ifdef __x86_64__

/* Step through a program while another one takes the lock all the time. */
TEST_F_TIMEOUT(traced, single_steps, PATIENCE)
{
	struct user_regs_struct before, after;
	struct actor *one = self->a;
	int i, moved = 0;
	__u64 seen;

	actor_begin(one, act_hog);
	actor_begin(self->b, act_hog);
	ASSERT_TRUE(actor_runs(one));
	ASSERT_TRUE(interrupted(one->pid));
	ASSERT_TRUE(UNTIL_STATE(one->id, IDLE));
	EXPECT_TRUE(actor_runs(self->b));
	for (i = 0; i < STEPS; i++) {
		ASSERT_EQ(0, ptrace(PTRACE_GETREGS, one->pid, NULL, &before));
		ASSERT_TRUE(stepped(one->pid));
		ASSERT_EQ(0, ptrace(PTRACE_GETREGS, one->pid, NULL, &after));
		moved += before.rip != after.rip;
	}
	/* No instruction of the loop is a jump to itself. */
	EXPECT_EQ(STEPS, moved);
	seen = one->rounds;
	EXPECT_TRUE(actor_runs(self->b));
	EXPECT_EQ(seen, one->rounds);
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, one->pid, NULL, NULL));
	EXPECT_TRUE(actor_runs(one));
	EXPECT_TRUE(actor_runs(self->b));
}

#endif

static bool goes_on(pid_t pid)
{
	return !ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
}

/* The system call that the thread stops at; false if it is another stop. */
static bool call_of(pid_t pid, struct __ptrace_syscall_info *info)
{
	return stop_of(pid) == (SIGTRAP | 0x80) &&
	       ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(*info), info) > 0;
}

static bool begins(pid_t pid, __u64 command)
{
	struct __ptrace_syscall_info info;

	do {
		if (!goes_on(pid) || !call_of(pid, &info))
			return false;
	} while (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
		 info.entry.nr != SYS_ioctl || info.entry.args[1] != command);
	return true;
}

/* The result of the system call, at the stop at its end. */
static __s64 result_of(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (!call_of(pid, &info) || info.op != PTRACE_SYSCALL_INFO_EXIT)
		return -ETIME;
	return info.exit.rval;
}

STAGE_FIXTURE(called)

FIXTURE_VARIANT(called)
{
	actor_fn act;
	__u64 command;
	int result;
};

FIXTURE_VARIANT_ADD(called, acquire) { act_acquire, GIL_IOC_ACQUIRE, EDEADLK };
FIXTURE_VARIANT_ADD(called, release) { act_release, GIL_IOC_RELEASE, 0 };
FIXTURE_VARIANT_ADD(called, yield) { act_yield, GIL_IOC_YIELD, 0 };

FIXTURE_SETUP(called)
{
	ASSERT_EQ(0, stage_open(&self->stage, 1, MS / 4));
	START_BOUND(self->a, SLICED);
	ASSERT_TRUE(interrupted(self->a->pid));
	ASSERT_EQ(0, ptrace(PTRACE_SETOPTIONS, self->a->pid, NULL,
			    PTRACE_O_TRACESYSGOOD));
}

/*
 * A stop at the beginning of a call takes the lock from the owner. The call must
 * still treat the caller as the owner, which it was in user mode.
 */
TEST_F_TIMEOUT(called, by_an_owner, PATIENCE)
{
	struct actor *actor = self->a;
	bool gives_up = variant->command == GIL_IOC_RELEASE;

	actor_begin(actor, variant->act);
	ASSERT_TRUE(begins(actor->pid, variant->command));
	EXPECT_STATE(actor->id, IDLE);
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(goes_on(actor->pid));
	/* It gets the lock back before the call ends, unless it gives it up. */
	if (!gives_up) {
		ASSERT_TRUE(until_waiting(self->fd, 1));
		EXPECT_EQ(0, lock_release(self->fd, 0));
	}
	EXPECT_EQ(-variant->result, result_of(actor->pid));
	EXPECT_EQ(0, lock_waiting(self->fd));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, actor->pid, NULL, NULL));
	EXPECT_EQ(variant->result, actor_end(actor));
	if (gives_up) {
		EXPECT_EQ(0, lock_release(self->fd, 0));
		EXPECT_EQ(0, actor_do(actor, act_acquire));
	}
}

/* The tracer is bound to the same lock, and loses it while it waits. */
TEST_F_TIMEOUT(traced, by_one_that_is_bound, PATIENCE)
{
	int i;

	ASSERT_TRUE(actor_hogs(self->a));
	ASSERT_EQ(0, lock_bind(self->fd, GIL_BIND_IO));
	ASSERT_TRUE(interrupted(self->a->pid));
	for (i = 0; i < STEPS; i++)
		ASSERT_TRUE(stepped(self->a->pid));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, self->a->pid, NULL, NULL));
	ASSERT_EQ(0, lock_unbind(self->fd));
	EXPECT_TRUE(actor_runs(self->a));
}

/* A thread that waits on its way to user mode stops once it has the lock. */
TEST_F_TIMEOUT(traced, while_it_waits, PATIENCE)
{
	pid_t pid = self->a->pid;

	ASSERT_EQ(0, lock_set_policy(self->fd, "fifo"));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue_by(self->a, act_hog));
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, NULL, NULL));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
	usleep(10000);
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_STATE(self->a->id, QUEUED);
	ASSERT_EQ(0, lock_release(self->fd, 0));
	ASSERT_EQ(SIGTRAP, stop_of(pid));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, pid, NULL, NULL));
	EXPECT_TRUE(actor_runs(self->a));
}

TEST_F_TIMEOUT(traced, killed_in_a_stop, PATIENCE)
{
	ASSERT_TRUE(actor_hogs(self->a));
	ASSERT_TRUE(interrupted(self->a->pid));
	actor_kill(self->a);
	EXPECT_TRUE(until_threads(self->fd, 1));
	EXPECT_TRUE(actor_hogs(self->b));
}

static ACT(act_trace, interrupted((pid_t)actor->argument) ? 0 : ECHILD)

/* The traced thread runs on after its tracer has died. */
TEST_F_TIMEOUT(traced, tracer_is_killed, PATIENCE)
{
	struct actor *tracer = actors_new(1);
	__u64 seen;

	ASSERT_NE(NULL, tracer);
	ASSERT_EQ(0, actor_start_unattached(tracer, ACTOR_PROCESS, self->fd));
	ASSERT_TRUE(actor_hogs(self->a));
	tracer->argument = self->a->pid;
	ASSERT_EQ(0, actor_do(tracer, act_trace));
	seen = self->a->rounds;
	EXPECT_TRUE(actor_hogs(self->b));
	EXPECT_EQ(seen, self->a->rounds);
	actor_kill(tracer);
	EXPECT_TRUE(actor_runs(self->a));
}

/*
 * Seccomp. A process binds itself, filters one system call, and calls it. Its
 * exit status says whether that went as it should. Meanwhile another process
 * wants the lock all the time.
 */
#define FILTERED	SYS_getpriority
#define RIGHT		42

static int filter(__u32 action, unsigned int flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FILTERED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* Stay in user mode for some intervals. */
static void compute(void)
{
	spin_until(now_ns() + 2 * MS);
}

static int pair[2];

static void refused(void)
{
	if (filter(SECCOMP_RET_ERRNO | EXDEV, 0))
		_exit(1);
	compute();
	if (syscall(FILTERED, 0, 0) != -1 || errno != EXDEV)
		_exit(2);
	compute();
	_exit(RIGHT);
}

static volatile int trapped;

static void trap(int sig)
{
	(void)sig;
	compute();
	trapped++;
}

static void traps(void)
{
	int i;

	signal(SIGSYS, trap);
	if (filter(SECCOMP_RET_TRAP, 0))
		_exit(1);
	for (i = 0; i < 5; i++)
		syscall(FILTERED, 0, 0);
	_exit(trapped == 5 ? RIGHT : 2);
}

static void killed(void)
{
	if (filter(SECCOMP_RET_KILL_PROCESS, 0))
		_exit(1);
	compute();
	syscall(FILTERED, 0, 0);
	_exit(2);
}

static void *be_killed(void *arg)
{
	if (filter(SECCOMP_RET_KILL_THREAD, 0))
		_exit(1);
	compute();
	syscall(FILTERED, 0, 0);
	_exit(2);
	return arg;
}

/* The join ends because the kernel clears the id of the killed thread. */
static void thread_killed(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, be_killed, NULL) ||
	    pthread_join(thread, NULL))
		_exit(1);
	compute();
	_exit(RIGHT);
}

/* Only read(), write(), _exit() and the return from a signal are left. */
static void strict(void)
{
	char byte;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		_exit(1);
	if (write(pair[0], "", 1) != 1 || read(pair[0], &byte, 1) != 1)
		syscall(SYS_exit, 2);
	for (volatile int i = 0; i < 1000000; i++)
		;
	syscall(SYS_exit, RIGHT);
}

/* The call waits until the test has said what it shall return. */
static void notifies(void)
{
	int listener = filter(SECCOMP_RET_USER_NOTIF,
			      SECCOMP_FILTER_FLAG_NEW_LISTENER);

	if (listener < 0 || write(pair[0], &listener, sizeof(listener)) < 0)
		_exit(1);
	compute();
	_exit(syscall(FILTERED, 0, 0) == 33 ? RIGHT : 2);
}

FIXTURE(seccomp)
{
	STAGE;
	struct actor *hog;
};

FIXTURE_VARIANT(seccomp)
{
	void (*life)(void);
	int signal;
};

FIXTURE_VARIANT_ADD(seccomp, refused) { .life = refused };
FIXTURE_VARIANT_ADD(seccomp, traps) { .life = traps };
FIXTURE_VARIANT_ADD(seccomp, killed) { .life = killed, .signal = SIGSYS };
FIXTURE_VARIANT_ADD(seccomp, thread_killed) { .life = thread_killed };
FIXTURE_VARIANT_ADD(seccomp, strict) { .life = strict };
FIXTURE_VARIANT_ADD(seccomp, notifies) { .life = notifies };

FIXTURE_SETUP(seccomp)
{
	ASSERT_EQ(0, stage_open(&self->stage, 1, MS / 4));
	self->hog = self->a;
	START_BOUND(self->hog, SLICED);
	actor_begin(self->hog, act_hog);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

NO_TEARDOWN(seccomp)

static pid_t live(int fd, void (*life)(void))
{
	pid_t child = fork_with_parent();

	if (child)
		return child;
	if (lock_bind(fd, SLICED | GIL_BIND_INHERIT))
		_exit(3);
	life();
	_exit(4);
}

/* Answer the call; until then the caller does not have the lock. */
static bool answer(struct actor *hog, pid_t child)
{
	struct seccomp_notif asked = { 0 };
	struct seccomp_notif_resp told = { .val = 33 };
	int theirs = -1, listener, pidfd;

	if (read(pair[1], &theirs, sizeof(theirs)) != sizeof(theirs))
		return false;
	pidfd = syscall(SYS_pidfd_open, child, 0);
	listener = syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) ||
	    !actor_runs(hog))
		return false;
	told.id = asked.id;
	return !ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &told);
}

TEST_F_TIMEOUT(seccomp, beside_a_hog, PATIENCE)
{
	struct gil_lock_stats stats;
	int status = -1;
	pid_t child;
	char byte;

	child = live(self->fd, variant->life);
	ASSERT_LT(0, child);
	if (variant->life == strict) {
		ASSERT_EQ(1, read(pair[1], &byte, 1));
		EXPECT_TRUE(actor_runs(self->hog));
		ASSERT_EQ(1, write(pair[1], "", 1));
	} else if (variant->life == notifies) {
		ASSERT_TRUE(answer(self->hog, child));
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(variant->signal, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	EXPECT_EQ(variant->signal ? -1 : RIGHT,
		  WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	EXPECT_TRUE(until_threads(self->fd, 1));
	ASSERT_EQ(0, lock_stats(self->fd, &stats));
	EXPECT_EQ(1, stats.bound);
	EXPECT_LT(0, stats.counts.handoffs);
	EXPECT_TRUE(actor_runs(self->hog));
}

GIL_BOUND_TEST_MAIN
