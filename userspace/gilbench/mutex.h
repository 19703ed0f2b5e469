/* SPDX-License-Identifier: GPL-2.0 */
/* What more than one file does with a pthread mutex. */
#ifndef GILBENCH_MUTEX_H
#define GILBENCH_MUTEX_H

#include <pthread.h>
#include <stdint.h>

/* Make a mutex that processes can share. Returns an error number. */
static inline int mutex_init_shared(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;
	int error = pthread_mutexattr_init(&attr);

	if (error)
		return error;
	error = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (!error)
		error = pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return error;
}

/* Lock and unlock the mutex n times. */
static inline int mutex_pairs(pthread_mutex_t *mutex, uint64_t n)
{
	int error = 0;

	while (n--) {
		error |= pthread_mutex_lock(mutex);
		error |= pthread_mutex_unlock(mutex);
	}
	return error;
}

#endif
