/* SPDX-License-Identifier: GPL-2.0 */
/* Of page.S: the page up to its data, and from there on. */
#ifndef GILREPORT_PAGE_H
#define GILREPORT_PAGE_H

extern const char page_head[], page_head_end[];
extern const char page_tail[], page_tail_end[];

#endif
