/* SPDX-License-Identifier: GPL-2.0 */
/* From a trace.dat of trace-cmd into a model. */
#ifndef GILREPORT_READER_H
#define GILREPORT_READER_H

#include "model.h"

/* 0, or -1 after saying why on standard error. */
int reader_read(struct model *model, const char *path);

#endif
