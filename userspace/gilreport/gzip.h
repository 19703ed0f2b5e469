/* SPDX-License-Identifier: GPL-2.0 */
/* Files that gzip(1) writes. */
#ifndef GILREPORT_GZIP_H
#define GILREPORT_GZIP_H

#include <stdio.h>
#include <sys/types.h>

/* NULL: errno says why. */
FILE *gzip_open(const char *path, pid_t *gzip);
/* 0, or an errno; EIO if gzip failed, which says why on standard error. */
int gzip_close(FILE *file, pid_t gzip);

#endif
