/* SPDX-License-Identifier: GPL-2.0 */
/* The page before and after its data, as the Makefile has put it together. */
	.section .rodata
	.global page_head, page_head_end, page_tail, page_tail_end
page_head:
	.incbin "page-head.html"
page_head_end:
page_tail:
	.incbin "page-tail.html"
page_tail_end:
	.section .note.GNU-stack, "", %progbits
