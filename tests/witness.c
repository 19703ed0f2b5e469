// SPDX-License-Identifier: GPL-2.0
/* The look that finds another thread in user mode: see witness.h. */
#include <stddef.h>
#include <sys/rseq.h>

#include "process.h"
#include "witness.h"

/* Reads in one look. */
#define ROUNDS	1000

enum view { ALONE, DISTURBED, CROWDED };

#ifdef __x86_64__

bool witness_works(void)
{
	return __rseq_size > 0;
}

static enum view look(volatile __u32 *last, __u32 me)
{
	ptrdiff_t slot = __rseq_offset + offsetof(struct rseq, rseq_cs);

	/* What rseq(2) wants: a descriptor, the sequence, an abort handler. */
	asm goto(".pushsection __rseq_cs, \"aw\"\n\t"
		 ".balign 32\n"
		 "1:\n\t"
		 ".long 0, 0\n\t"
		 ".quad 2f, 4f - 2f, 5f\n\t"
		 ".popsection\n\t"
		 "leaq 1b(%%rip), %%rax\n\t"
		 "movq %%rax, %%fs:(%[slot])\n"
		 "2:\n\t"
		 "movl %[rounds], %%ecx\n\t"
		 "movl %[finds], %%edx\n"
		 "6:\n\t"
		 "movl %[me], (%[last])\n"
		 "3:\n\t"
		 "cmpl %[me], (%[last])\n\t"
		 "je 7f\n\t"
		 "decl %%edx\n\t"
		 "jnz 6b\n\t"
		 "jmp %l[crowded]\n"
		 "7:\n\t"
		 "decl %%ecx\n\t"
		 "jnz 3b\n"
		 "4:\n\t"
		 ".pushsection __rseq_failure, \"ax\"\n\t"
		 ".byte 0x0f, 0xb9, 0x3d\n\t"
		 ".long %c[sig]\n"
		 "5:\n\t"
		 "jmp %l[disturbed]\n\t"
		 ".popsection"
		 : /* no outputs: asm goto */
		 : [slot] "r"(slot), [last] "r"(last), [me] "r"(me),
		   [rounds] "i"(ROUNDS), [finds] "i"(WITNESS_FINDS),
		   [sig] "i"(RSEQ_SIG)
		 : "memory", "cc", "rax", "rcx", "rdx"
		 : crowded, disturbed);
	return ALONE;
crowded:
	return CROWDED;
disturbed:
	return DISTURBED;
}

#else

bool witness_works(void)
{
	return false;
}

static enum view look(volatile __u32 *last, __u32 me)
{
	*last = me;
	return DISTURBED;
}

#endif

struct witness *witness_new(void)
{
	return shared_new(sizeof(struct witness));
}

__u32 witness_number(struct witness *witness)
{
	return 1 + __atomic_fetch_add(&witness->next, 1, __ATOMIC_RELAXED);
}

void witness_look(struct witness *witness, __u32 me)
{
	enum view view = look(&witness->last, me);

	if (view != DISTURBED)
		__atomic_fetch_add(&witness->looks, 1, __ATOMIC_RELAXED);
	if (view == CROWDED)
		__atomic_fetch_add(&witness->crowds, 1, __ATOMIC_RELAXED);
}
