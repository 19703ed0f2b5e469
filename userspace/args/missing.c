// SPDX-License-Identifier: GPL-2.0
/* What a machine may lack for our programs, and what to do about it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "missing.h"

static const struct {
	int error;
	const char *reason;
} reasons[] = {
	{ EACCES, "this user may not use /dev/gil: the module's parameter "
		  "'mode' decides who may" },
	{ EBUSY, "this thread is under another lock already, as below gilrun, "
		 "and it can have only one: start the program without gilrun" },
	{ EMFILE, "this process has too many open files, or its thread uses "
		  "too many locks: raise the limit with 'ulimit -n', or use "
		  "fewer locks" },
	{ ENFILE, "too many files are open on this machine: raise the sysctl "
		  "fs.file-max, or end other programs" },
	{ ENODEV, "there is a file /dev/gil, but the module is not loaded: "
		  "'make insmod' loads it" },
	{ ENOMEM, "out of memory: end other programs, or raise the memory "
		  "limit of this container" },
	{ ENXIO, "there is a file /dev/gil, but the module is not loaded: "
		 "'make insmod' loads it" },
	{ EPERM, "the device rules of this container do not allow /dev/gil: "
		 "start it with --device /dev/gil, or likewise" },
	{ EPROTO, "the module and this program are of different versions: "
		  "build and install both from one tree" },
};

const char *missing_reason(int error)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].error == error)
			return reasons[i].reason;
	return strerror(error);
}

/* A container sees its kernel's modules, but only the devices it was given. */
static const char *no_device(void)
{
	if (!access("/sys/module/gil", F_OK))
		return "the module is loaded, so a container or chroot needs "
		       "the device: start it with --device /dev/gil, or likewise";
	return "load the module ('make insmod', or 'make run' for a guest)";
}

bool missing_device(const char *prefix, const char *hint)
{
	if (!access("/dev/gil", F_OK))
		return false;
	fprintf(stderr, "%s: there is no /dev/gil: %s%s\n", prefix, no_device(),
		hint);
	return true;
}

void missing_level(const char *prefix, enum level level, int error)
{
	if (error == EOPNOTSUPP)
		fprintf(stderr,
			"%s: level %s is not available: the module's parameter 'level' forbids it, or this kernel cannot bind threads (see dmesg)\n",
			prefix, level_name(level));
	else
		fprintf(stderr, "%s: cannot bind a thread at level %s: %s\n",
			prefix, level_name(level), missing_reason(error));
}
