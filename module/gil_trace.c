// SPDX-License-Identifier: GPL-2.0
/*
 * Define the trace events of gil_trace.h.
 */
#define CREATE_TRACE_POINTS
#include "gil_trace.h"
