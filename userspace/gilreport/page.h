/* SPDX-License-Identifier: GPL-2.0 */
/* Of page.S: the page up to its data, and from there on. */
#ifndef GILREPORT_PAGE_H
#define GILREPORT_PAGE_H

#include <stdint.h>

extern const char page_head[], page_tail[];
extern const uint64_t page_head_size, page_tail_size;

#endif
