// SPDX-License-Identifier: GPL-2.0
/* Starting, joining and stopping a team of workers. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args/missing.h"
#include "clock.h"
#include "lock.h"
#include "team.h"

/* Small, so that 10,000 threads fit; a sanitizer needs more. */
#ifdef __SANITIZE_ADDRESS__
#define STACK_SIZE (512 * 1024)
#else
#define STACK_SIZE (64 * 1024)
#endif

/* What a worker reports, in shared memory. Only that worker writes it. */
struct report {
	bool at_gate;
	int error;
	char doing[48];
	uint64_t end_ns;
};

struct shared {
	atomic_uint arrived;
	atomic_bool stop;
	struct report reports[];
};

struct member {
	struct team *team;
	unsigned int index;
	pthread_t thread;
	pid_t pid;
};

struct team {
	struct team_spec spec;
	unsigned int size;
	/* Workers read from this pipe; closing it is the signal to start. */
	int gate[2];
	uint64_t go_ns;
	struct shared *shared;
	size_t shared_size;
	struct member *members;
};

void *shared_alloc(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		fprintf(stderr, "gilbench: no %zu bytes of shared memory: %s\n",
			size, strerror(errno));
		return NULL;
	}
	return memory;
}

void shared_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

unsigned int team_size(const struct team *team)
{
	return team->size;
}

void team_stop(struct team *team)
{
	atomic_store(&team->shared->stop, true);
}

bool team_stopping(const struct team *team)
{
	return atomic_load_explicit(&team->shared->stop, memory_order_relaxed);
}

bool team_ok(struct team *team, unsigned int index, int error,
	     const char *doing)
{
	struct report *report = &team->shared->reports[index];

	if (!error)
		return true;
	report->error = error;
	snprintf(report->doing, sizeof(report->doing), "%s", doing);
	team_stop(team);
	return false;
}

void team_name(const char *role, unsigned int number)
{
	char name[32];

	/* The kernel keeps only the first 15 letters. */
	snprintf(name, sizeof(name), "%s-%u", role, number);
	prctl(PR_SET_NAME, name);
}

static void arrive(struct team *team, unsigned int index)
{
	team->shared->reports[index].at_gate = true;
	atomic_fetch_add(&team->shared->arrived, 1);
}

bool team_gate(struct team *team, unsigned int index)
{
	char nothing;

	arrive(team, index);
	while (read(team->gate[0], &nothing, 1) < 0 && errno == EINTR)
		;
	return !team_stopping(team);
}

bool team_attach(struct team *team, unsigned int index, struct lock *lock)
{
	return team_ok(team, index, lock_attach(lock), "attach") &&
	       team_gate(team, index);
}

int team_wait_queued(const struct team *team, struct lock *lock,
		     const atomic_uint *ready, unsigned int wanted)
{
	unsigned int waiting = 0;
	int error = 0;

	while (waiting < wanted && !error && !team_stopping(team)) {
		if (lock->ops->waiting)
			error = lock->ops->waiting(lock, &waiting);
		else
			waiting = atomic_load(ready);
		sleep_ns(NS_PER_MS);
	}
	return error;
}

static void work(struct team *team, unsigned int index)
{
	struct report *report = &team->shared->reports[index];

	team->spec.work(team, index, team->spec.job);
	report->end_ns = now_ns();
	if (!report->at_gate)
		arrive(team, index);
}

static void *thread_main(void *arg)
{
	struct member *member = arg;

	work(member->team, member->index);
	return NULL;
}

static int start_thread(struct member *member)
{
	pthread_attr_t attr;
	int error = pthread_attr_init(&attr);

	if (error)
		return error;
	error = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (!error)
		error = pthread_create(&member->thread, &attr, thread_main,
				       member);
	pthread_attr_destroy(&attr);
	return error;
}

static int start_process(struct member *member)
{
	struct team *team = member->team;
	pid_t parent = getpid();

	member->pid = fork();
	if (member->pid < 0)
		return errno;
	if (member->pid)
		return 0;
	/* Die with gilbench, and do not keep the write end of its pipe open. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close(team->gate[1]);
	work(team, member->index);
	_exit(team->shared->reports[member->index].error ? 1 : 0);
}

static int start_member(struct team *team, unsigned int index)
{
	struct member *member = &team->members[index];

	member->team = team;
	member->index = index;
	return team->spec.processes ? start_process(member) :
				      start_thread(member);
}

/* Whether a worker ended before the gate opened: then it has failed. */
static bool process_ended(const struct team *team)
{
	siginfo_t info = { 0 };

	if (!team->spec.processes)
		return false;
	return !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       info.si_pid;
}

static void wait_at_gate(struct team *team)
{
	while (atomic_load(&team->shared->arrived) < team->size) {
		if (process_ended(team)) {
			team_stop(team);
			return;
		}
		sleep_ns(200 * NS_PER_US);
	}
}

static void free_team(struct team *team)
{
	close(team->gate[0]);
	if (team->gate[1] >= 0)
		close(team->gate[1]);
	shared_free(team->shared, team->shared_size);
	free(team->members);
	free(team);
}

static struct team *alloc_team(const struct team_spec *spec)
{
	struct team *team = calloc(1, sizeof(*team));

	if (!team)
		goto fail;
	team->spec = *spec;
	team->members = calloc(spec->size, sizeof(*team->members));
	if (!team->members)
		goto fail_team;
	team->shared_size = sizeof(struct shared) +
			    spec->size * sizeof(struct report);
	team->shared = shared_alloc(team->shared_size);
	if (!team->shared)
		goto fail_members;
	if (pipe(team->gate))
		goto fail_shared;
	return team;

fail_shared:
	shared_free(team->shared, team->shared_size);
fail_members:
	free(team->members);
fail_team:
	free(team);
fail:
	fprintf(stderr, "gilbench: cannot set up %u workers: %s\n", spec->size,
		strerror(errno));
	return NULL;
}

struct team *team_start(const struct team_spec *spec)
{
	struct team *team = alloc_team(spec);
	int error = 0;

	if (!team)
		return NULL;
	while (team->size < spec->size) {
		error = start_member(team, team->size);
		if (error)
			break;
		team->size++;
	}
	if (error && (!spec->fewer_ok || !team->size)) {
		fprintf(stderr,
			"gilbench: could start %u of %u %s: %s; ask for fewer, or see ulimit -u\n",
			team->size, spec->size,
			spec->processes ? "processes" : "threads",
			strerror(error));
		team_stop(team);
	}
	wait_at_gate(team);
	if (team_stopping(team)) {
		team_go(team);
		team_join(team);
		return NULL;
	}
	return team;
}

void team_go(struct team *team)
{
	team->go_ns = now_ns();
	close(team->gate[1]);
	team->gate[1] = -1;
}

static bool report_failure(const struct team *team, unsigned int index)
{
	const struct report *report = &team->shared->reports[index];

	if (!report->error)
		return false;
	fprintf(stderr, "gilbench: %s %u: %s: %s\n",
		team->spec.processes ? "process" : "thread", index,
		report->doing, missing_reason(report->error));
	return true;
}

/*
 * Whether a process ended as it should. If it did not, stop the team, because
 * others may wait for that process.
 */
static bool reap(struct team *team)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);

	if (pid < 0) {
		fprintf(stderr, "gilbench: waitpid: %s\n", strerror(errno));
		return false;
	}
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status) == 0;
	fprintf(stderr, "gilbench: process %d was killed by signal %d (%s)\n",
		(int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
	team_stop(team);
	return false;
}

uint64_t team_join(struct team *team)
{
	bool failed = !team->size;
	uint64_t elapsed, end_ns = 0;

	for (unsigned int i = 0; i < team->size; i++) {
		if (team->spec.processes)
			failed |= !reap(team);
		else
			pthread_join(team->members[i].thread, NULL);
	}
	for (unsigned int i = 0; i < team->size; i++) {
		failed |= report_failure(team, i);
		if (team->shared->reports[i].end_ns > end_ns)
			end_ns = team->shared->reports[i].end_ns;
	}
	elapsed = end_ns > team->go_ns ? end_ns - team->go_ns : 1;
	free_team(team);
	return failed ? 0 : elapsed;
}

uint64_t team_run(unsigned int size, bool processes,
		  void (*worker)(struct team *, unsigned int, void *), void *job)
{
	const struct team_spec spec = {
		.size = size,
		.processes = processes,
		.work = worker,
		.job = job,
	};
	struct team *team = team_start(&spec);

	if (!team)
		return 0;
	team_go(team);
	return team_join(team);
}
