// SPDX-License-Identifier: GPL-2.0
/*
 * The one promise of a bound lock: at no instant are two of its threads in
 * user mode. Threads and processes look at each other (witness.h) while they
 * do everything that may take them in and out of the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "main.h"
#include "process.h"
#include "troupe.h"

#define COUNT	4
#define RUN_NS	(400 * MS)
#define PAGES	16

#define FAMILY	(SLICED | GIL_BIND_INHERIT)

/*
 * exec() keeps the binding, but not the memory. The new program maps the
 * troupe's witness from a descriptor.
 */
static int witness_file = -1;

static struct witness *witness_in(int fd)
{
	void *room = mmap(NULL, sizeof(struct witness), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);

	return room == MAP_FAILED ? NULL : room;
}

static int look_after_exec(const char *file, const char *looks)
{
	struct witness *witness = witness_in(atoi(file));
	int n = atoi(looks);
	__u32 me;

	if (!witness)
		return 1;
	me = witness_number(witness);
	while (n-- > 0)
		witness_look(witness, me);
	return 0;
}

/* Acts. */
static int act_sleep(struct player *player)
{
	struct timespec pause = { .tv_nsec = rand_r(&player->seed) % 500000 };

	nanosleep(&pause, NULL);
	return 0;
}

static int act_sched_yield(struct player *player)
{
	(void)player;
	return sched_yield() ? errno : 0;
}

/* Touch new pages for the first time: anonymous ones, then those of a file. */
static int act_page_fault(struct player *player)
{
	size_t page = sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), i;
	volatile char *own, *file;

	own = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	file = mmap(NULL, 2 * page, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (own == MAP_FAILED || file == MAP_FAILED)
		return ENOMEM;
	for (i = 0; i < PAGES; i++) {
		own[i * page] = i;
		troupe_look(player->troupe, 1);
	}
	madvise((void *)file, 2 * page, MADV_DONTNEED);
	i = file[0] + file[page];
	player_look(player);
	munmap((void *)own, PAGES * page);
	munmap((void *)file, 2 * page);
	return 0;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static int act_futex(struct player *player)
{
	struct timespec until;

	pthread_mutex_lock(&mutex);
	player_look(player);
	if (rand_r(&player->seed) % 4 == 0) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec = (until.tv_nsec + 500000) % 1000000000;
		pthread_cond_timedwait(&condition, &mutex, &until);
		player_look(player);
	}
	pthread_cond_broadcast(&condition);
	pthread_mutex_unlock(&mutex);
	return 0;
}

/* Each player asks a thread that is not bound, and waits for its answer. */
static int ask[2], answer[TROUPE_MAX][2];

static void *echo(void *arg)
{
	unsigned char who;

	while (read(ask[0], &who, 1) == 1)
		if (write(answer[who][1], &who, 1) != 1)
			return arg;
	return NULL;
}

static int act_pipe(struct player *player)
{
	unsigned char who = player->number;

	if (write(ask[1], &who, 1) != 1)
		return errno;
	if (rand_r(&player->seed) % 2)
		player_look(player);
	return read(answer[who][0], &who, 1) == 1 ? 0 : errno;
}

static int act_poll(struct player *player)
{
	struct pollfd poll_fd = { answer[player->number][0], POLLIN, 0 };
	unsigned char who = player->number;

	if (write(ask[1], &who, 1) != 1 || poll(&poll_fd, 1, -1) != 1)
		return errno;
	player_look(player);
	return read(poll_fd.fd, &who, 1) == 1 ? 0 : errno;
}

static int act_affinity(struct player *player)
{
	return use_cpu(rand_r(&player->seed) % sysconf(_SC_NPROCESSORS_ONLN));
}

static void *look_a_little(void *arg)
{
	troupe_look(arg, 3);
	return NULL;
}

/* Start a thread that looks at once, and join or detach it. */
static int act_thread(struct player *player)
{
	bool join = rand_r(&player->seed) % 2;
	pthread_t thread;
	int err;

	err = pthread_create(&thread, NULL, look_a_little, player->troupe);
	if (err)
		return err;
	player_look(player);
	return join ? pthread_join(thread, NULL) : pthread_detach(thread);
}

static int act_fork(struct player *player)
{
	pid_t child = fork();

	if (!child) {
		troupe_look(player->troupe, 5);
		if (!fork()) {
			troupe_look(player->troupe, 5);
			_exit(0);
		}
		troupe_look(player->troupe, 5);
		_exit(wait(NULL) < 0);
	}
	player_look(player);
	return child_status(child);
}

/*
 * The parent waits in the kernel until the child has called exec(). The child
 * cannot look before that, because it has no restartable sequences.
 */
static int act_vfork(struct player *player)
{
	char file[16];
	pid_t child;

	(void)player;
	snprintf(file, sizeof(file), "%d", witness_file);
	child = vfork();
	if (!child) {
		execl("/proc/self/exe", "look", "--look", file, "5", NULL);
		_exit(1);
	}
	return child_status(child);
}

static int act_spawn(struct player *player)
{
	char file[16];
	char *argv[] = { "look", "--look", file, "5", NULL };
	pid_t child;
	int err;

	snprintf(file, sizeof(file), "%d", witness_file);
	err = posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environ);
	if (err)
		return err;
	player_look(player);
	return child_status(child);
}

static int act_aio(struct player *player)
{
	static __thread aio_context_t context;
	static __thread int fd;
	static __thread char *buffer;
	struct io_event event;
	struct iocb request = { 0 }, *list = &request;

	if (!context) {
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		buffer = malloc(4096);
		if (syscall(SYS_io_setup, 4, &context))
			return errno;
	}
	request.aio_fildes = fd;
	request.aio_lio_opcode = IOCB_CMD_PREAD;
	request.aio_buf = (uintptr_t)buffer;
	request.aio_nbytes = 4096;
	if (syscall(SYS_io_submit, context, 1, &list) != 1)
		return errno;
	player_look(player);
	return syscall(SYS_io_getevents, context, 1, 1, &event, NULL) == 1 ?
		0 : errno;
}

/* Add a seccomp filter while the thread is bound. */
static int act_seccomp(struct player *player)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(filter), filter };
	bool all = player->number == 0;

	if (player->acts == 2 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	     syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		     all ? SECCOMP_FILTER_FLAG_TSYNC : 0, &program)))
		/* TSYNC fails where the threads have different filters already. */
		return all ? 0 : errno;
	player_look(player);
	if (!all && player->acts > 2 &&
	    (syscall(SYS_getppid) != -1 || errno != EXDEV))
		return EPERM;
	return player->acts % 8 ? 0 : act_sleep(player);
}

/* Release the lock for a while, and do not look meanwhile. */
static int act_outside(struct player *player)
{
	struct troupe *troupe = player->troupe;
	volatile int i;
	int err = lock_release(troupe->fd, rand_r(&player->seed) % 2 ?
			       GIL_RELEASE_LAZY : 0);

	if (err)
		return err;
	switch (rand_r(&player->seed) % 3) {
	case 0:
		usleep(rand_r(&player->seed) % 300);
		break;
	case 1:
		for (i = rand_r(&player->seed) % 20000; i > 0; i--)
			;
		break;
	}
	return lock_acquire(troupe->fd, 0, 0);
}

static int act_yield(struct player *player)
{
	return lock_yield(player->troupe->fd);
}

/* Unbind, and bind again before the next look. */
static int act_unbind(struct player *player)
{
	struct troupe *troupe = player->troupe;
	int err = lock_unbind(troupe->fd);

	if (!err && rand_r(&player->seed) % 2)
		usleep(rand_r(&player->seed) % 300);
	return err ?: lock_bind(troupe->fd, troupe->flags);
}

static int act_anything(struct player *player)
{
	static const player_fn acts[] = {
		act_sleep, act_sched_yield, act_page_fault, act_futex,
		act_pipe, act_poll, act_affinity, act_thread, act_fork,
		act_vfork, act_spawn, act_aio, act_outside, act_yield,
		act_unbind,
	};

	return acts[rand_r(&player->seed) % ARRAY_SIZE(acts)](player);
}

FIXTURE(bound)
{
	struct troupe *troupe;
	pthread_t echo;
};

FIXTURE_VARIANT(bound)
{
	__u32 flags;
	player_fn act;
	bool processes;
	int manual;
};

#define VARIANT(name, ...)						\
	FIXTURE_VARIANT_ADD(bound, name) { __VA_ARGS__ }

/* A control: the witness must see threads that are not bound. */
VARIANT(nobody, .flags = 0);
VARIANT(hogs, .flags = SLICED);
VARIANT(hogs_in_processes, .flags = SLICED, .processes = true);
VARIANT(hogs_and_manual_users, .flags = SLICED, .manual = 2);
VARIANT(sleeps, .flags = SLICED, .act = act_sleep);
VARIANT(sleeps_unsliced, .flags = GIL_BIND_IO, .act = act_sleep);
VARIANT(sleeps_unsliced_and_manual_users, .flags = GIL_BIND_IO,
	.act = act_sleep, .manual = 2);
VARIANT(sleeping_processes, .flags = SLICED, .act = act_sleep,
	.processes = true);
VARIANT(processes_and_manual_users, .flags = SLICED, .act = act_sleep,
	.processes = true, .manual = 1);
VARIANT(scheduler_yields, .flags = SLICED, .act = act_sched_yield);
VARIANT(page_faults, .flags = SLICED, .act = act_page_fault);
VARIANT(futexes, .flags = SLICED, .act = act_futex);
VARIANT(futexes_unsliced, .flags = GIL_BIND_IO, .act = act_futex);
VARIANT(pipes, .flags = SLICED, .act = act_pipe);
VARIANT(polls, .flags = SLICED, .act = act_poll);
VARIANT(moves_between_cpus, .flags = SLICED, .act = act_affinity);
VARIANT(new_threads, .flags = FAMILY, .act = act_thread);
VARIANT(forks, .flags = FAMILY, .act = act_fork);
VARIANT(vforks, .flags = FAMILY, .act = act_vfork);
VARIANT(spawned_programs, .flags = FAMILY, .act = act_spawn);
VARIANT(aio, .flags = SLICED, .act = act_aio);
VARIANT(seccomp_filters, .flags = SLICED, .act = act_seccomp);
VARIANT(outside_and_back, .flags = SLICED, .act = act_outside);
VARIANT(outside_and_back_unsliced, .flags = GIL_BIND_IO, .act = act_outside);
VARIANT(lock_yields, .flags = SLICED, .act = act_yield);
VARIANT(lock_yields_unsliced, .flags = GIL_BIND_IO, .act = act_yield);
VARIANT(unbound_and_bound, .flags = SLICED, .act = act_unbind);
VARIANT(anything, .flags = FAMILY, .act = act_anything);
VARIANT(anything_and_manual_users, .flags = FAMILY, .act = act_anything,
	.manual = 2);

/* A witness in a file, so that programs can find it after exec(). */
static struct witness *witness_in_file(void)
{
	witness_file = memfd_create("witness", 0);
	if (witness_file < 0 ||
	    ftruncate(witness_file, sizeof(struct witness)))
		return NULL;
	return witness_in(witness_file);
}

FIXTURE_SETUP(bound)
{
	struct troupe *troupe = troupe_new();
	int i;

	if (!witness_works())
		SKIP(return, "no restartable sequences here");
	ASSERT_NE(NULL, troupe);
	self->troupe = troupe;
	troupe->witness = witness_in_file();
	ASSERT_NE(NULL, troupe->witness);
	troupe->fd = -1;
	if (variant->flags) {
		/* A short interval, for many forced switches. */
		troupe->fd = ASSERT_FD(lock_create(MS / 4));
	}
	troupe->flags = variant->flags;
	troupe->count = COUNT;
	troupe->processes = variant->processes;
	troupe->act = variant->act;
	troupe->run_ns = RUN_NS;
	for (i = 0; i < variant->manual; i++)
		troupe->players[i].manual = true;
	ASSERT_EQ(0, pipe(ask));
	for (i = 0; i < COUNT; i++)
		ASSERT_EQ(0, pipe(answer[i]));
	ASSERT_EQ(0, pthread_create(&self->echo, NULL, echo, troupe));
}

NO_TEARDOWN(bound)

/*
 * Players that do not exclude each other must be seen together, but perhaps not
 * in the first play: the CPUs of a guest may take turns on one of the host.
 */
static bool seen_together(struct troupe **troupes, int count)
{
	const struct witness *witness = troupes[0]->witness;
	__u64 until = now_ns() + LIMIT_NS;
	bool well = true;
	int i;

	do {
		for (i = 0; i < count; i++) {
			troupes[i]->ready = 0;
			well = well && troupe_start(troupes[i]);
		}
		for (i = 0; well && i < count; i++)
			well = troupe_end(troupes[i]);
	} while (well && !witness->crowds && now_ns() < until);
	return well && witness->crowds;
}

TEST_F_TIMEOUT(bound, run, PATIENCE)
{
	struct troupe *troupe = self->troupe;
	struct gil_lock_stats stats;

	if (!variant->flags) {
		if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
			SKIP(return, "one CPU runs one thread anyway");
		EXPECT_TRUE(seen_together(&troupe, 1));
		return;
	}
	ASSERT_TRUE(troupe_play(troupe));
	TH_LOG("%llu looks, %llu of them saw another", troupe->witness->looks,
	       troupe->witness->crowds);
	EXPECT_EXCLUSION(troupe);
	EXPECT_LEFT_FREE(troupe->fd);
	ASSERT_EQ(0, lock_stats(troupe->fd, &stats));
	EXPECT_LT(0, stats.counts.handoffs);
}

FIXTURE(special)
{
	struct troupe *troupe;
};

static bool bind_troupe(struct troupe *troupe, int count)
{
	troupe->fd = lock_create(MS / 4);
	troupe->flags = SLICED;
	troupe->count = count;
	troupe->run_ns = RUN_NS;
	return troupe->fd >= 0;
}

FIXTURE_SETUP(special)
{
	if (!witness_works())
		SKIP(return, "no restartable sequences here");
	self->troupe = troupe_new();
	ASSERT_NE(NULL, self->troupe);
	ASSERT_TRUE(bind_troupe(self->troupe, 2));
}

NO_TEARDOWN(special)

/* Each of two locks excludes its own threads, but not those of the other. */
TEST_F_TIMEOUT(special, two_locks, PATIENCE)
{
	struct troupe *one = self->troupe, *two = troupe_new();
	struct troupe *both[] = { one, two };
	int i;

	ASSERT_NE(NULL, two);
	ASSERT_TRUE(bind_troupe(two, 2));
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(troupe_start(both[i]));
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(troupe_end(both[i]));
	EXPECT_EXCLUSION(one);
	EXPECT_EXCLUSION(two);

	/* One witness for both must see threads of the two locks together. */
	two->witness = one->witness;
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		EXPECT_TRUE(seen_together(both, 2));
}

static struct troupe *disturbed;

/* A handler looks, sleeps, and looks. */
static void handle(int sig)
{
	struct timespec pause = { .tv_nsec = 100000 };
	int err = errno;

	(void)sig;
	troupe_look(disturbed, 2);
	nanosleep(&pause, NULL);
	troupe_look(disturbed, 2);
	errno = err;
}

static int act_sometimes_sleep(struct player *player)
{
	return rand_r(&player->seed) % 8 ? 0 : act_sleep(player);
}

FIXTURE(disturbed)
{
	struct troupe *troupe;
};

FIXTURE_VARIANT(disturbed)
{
	int sig;
	bool processes;
};

FIXTURE_VARIANT_ADD(disturbed, signals_to_threads) { SIGUSR1, false };
FIXTURE_VARIANT_ADD(disturbed, signals_to_processes) { SIGUSR1, true };
FIXTURE_VARIANT_ADD(disturbed, stops) { SIGSTOP, true };

FIXTURE_SETUP(disturbed)
{
	struct sigaction action = {
		.sa_handler = handle,
		.sa_flags = SA_RESTART,
	};

	if (!witness_works())
		SKIP(return, "no restartable sequences here");
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	self->troupe = troupe_new();
	ASSERT_NE(NULL, self->troupe);
	ASSERT_TRUE(bind_troupe(self->troupe, COUNT));
	disturbed = self->troupe;
	disturbed->processes = variant->processes;
	disturbed->act = act_sometimes_sleep;
	disturbed->run_ns = 2 * RUN_NS;
}

NO_TEARDOWN(disturbed)

static void disturb(struct player *player, int sig)
{
	if (!player->troupe->processes) {
		pthread_kill(player->thread, sig);
		return;
	}
	kill(player->pid, sig);
	if (sig != SIGSTOP)
		return;
	usleep(rand_r(&player->seed) % 3000);
	kill(player->pid, SIGCONT);
}

TEST_F_TIMEOUT(disturbed, run, PATIENCE)
{
	struct troupe *troupe = self->troupe;
	unsigned int seed = 1;
	int disturbances = 0;

	ASSERT_TRUE(troupe_start(troupe));
	/* The handler looks, so its thread must be bound before the signal. */
	ASSERT_TRUE(until_bound(troupe->fd, COUNT));
	/* Stop early, because a thread that has ended must not be signalled. */
	while (now_ns() + RUN_NS / 2 < troupe->end) {
		disturb(&troupe->players[rand_r(&seed) % COUNT],
			variant->sig);
		usleep(rand_r(&seed) % 1000);
		disturbances++;
	}
	ASSERT_TRUE(troupe_end(troupe));
	TH_LOG("%d disturbances, %llu looks", disturbances,
	       troupe->witness->looks);
	EXPECT_LT(0, disturbances);
	EXPECT_EXCLUSION(troupe);
	EXPECT_LEFT_FREE(troupe->fd);
}

/* Pages that another thread provides, which is not bound. */
static int uffd;

static int act_userfault(struct player *player)
{
	size_t size = sysconf(_SC_PAGESIZE);
	struct uffdio_register reg = {
		.range.len = size,
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	volatile char *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	reg.range.start = (uintptr_t)page;
	if (page == MAP_FAILED || ioctl(uffd, UFFDIO_REGISTER, &reg))
		return errno;
	page[0] = 1;
	player_look(player);
	munmap((void *)page, size);
	return 0;
}

static void *serve_faults(void *arg)
{
	size_t size = sysconf(_SC_PAGESIZE);
	struct uffd_msg message;

	while (read(uffd, &message, sizeof(message)) == sizeof(message)) {
		struct uffdio_zeropage zero = {
			.range.start = message.arg.pagefault.address &
				       ~(size - 1),
			.range.len = size,
		};

		ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
	}
	return arg;
}

TEST_F_TIMEOUT(special, user_faults, PATIENCE)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct troupe *troupe = self->troupe;
	pthread_t server;

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		SKIP(return, "no userfaultfd here");
	ASSERT_EQ(0, pthread_create(&server, NULL, serve_faults, troupe));
	troupe->count = COUNT;
	troupe->act = act_userfault;
	ASSERT_TRUE(troupe_play(troupe));
	EXPECT_EXCLUSION(troupe);
	EXPECT_LEFT_FREE(troupe->fd);
}

/* Beside two players, a process binds itself and executes a new program. */
TEST_F_TIMEOUT(special, exec_keeps_the_binding, PATIENCE)
{
	struct troupe *troupe = self->troupe;
	char file[16];
	int i;

	troupe->witness = witness_in_file();
	ASSERT_NE(NULL, troupe->witness);
	snprintf(file, sizeof(file), "%d", witness_file);
	troupe->processes = true;
	troupe->run_ns = 4 * RUN_NS;
	ASSERT_TRUE(troupe_start(troupe));
	for (i = 0; i < 10; i++) {
		pid_t child = ASSERT_CHILD(fork());

		if (!child) {
			if (lock_bind(troupe->fd, SLICED))
				_exit(1);
			execl("/proc/self/exe", "look", "--look", file, "200",
			      NULL);
			_exit(1);
		}
		EXPECT_EQ(0, child_status(child));
	}
	ASSERT_TRUE(troupe_end(troupe));
	EXPECT_EXCLUSION(troupe);
	EXPECT_LEFT_FREE(troupe->fd);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "--look"))
		return look_after_exec(argv[2], argv[3]);
	return gil_bound_test_main(argc, argv);
}
