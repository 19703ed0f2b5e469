/* SPDX-License-Identifier: GPL-2.0 */
/* The page before and after its data, as the Makefile has put it together. */
	.section .rodata
	.global page_head, page_head_size, page_tail, page_tail_size
page_head:
	.incbin "page-head.html"
page_head_end:
page_tail:
	.incbin "page-tail.html"
page_tail_end:
	.balign 8
page_head_size:
	.quad page_head_end - page_head
page_tail_size:
	.quad page_tail_end - page_tail
	.section .note.GNU-stack, "", %progbits
