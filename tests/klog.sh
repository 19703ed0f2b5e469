#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The kernel log, after all the other tests: nothing in it may look like a
# kernel that is unwell, from the module's first loading on.
set -u

bad='BUG:|WARNING:|Oops|general protection fault|kernel panic|Call Trace'
bad="$bad|refcount_t|use-after-free|UBSAN|KASAN|KCSAN|kmemleak|lockdep"
bad="$bad|possible (recursive|circular)|inconsistent lock state|stack-protector"
bad="$bad|scheduling while atomic|sleeping function called|soft lockup"
bad="$bad|hard LOCKUP|rcu.*(stall|self-detected)|blocked for more than"
bad="$bad|double free|list_(add|del) corruption|Bad page state|unable to handle"

# From the first line that names the module; all of it if that has gone.
since_loading()
{
	if grep -q 'gil: ' "$1"; then
		sed -n '/gil: /,$p' "$1"
	else
		cat "$1"
	fi
}

unwell()
{
	since_loading "$1" | grep -E "$bad" | sed 's/^/# /'
}

count=0
failures=0
report()
{
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count $2"
	else
		echo "not ok $count $2"
		failures=$((failures + 1))
	fi
}

# A test that could not fail would say nothing.
detects()
{
	{
		echo "[    1.000000] WARNING: older than the module"
		echo "[    2.000000] gil: loading out-of-tree module"
		echo "[    3.000000] all is well"
	} >"$log"
	[ -z "$(unwell "$log")" ] || return 1
	{
		echo "[    4.000000] BUG: kernel NULL pointer dereference"
		echo "[    5.000000] WARNING: CPU: 0 PID: 1 at core.c:1"
		echo "[    6.000000] INFO: task a:1 blocked for more than 120 s"
		echo "[    7.000000] watchdog: BUG: soft lockup - CPU#0"
		echo "[    8.000000] refcount_t: underflow; use-after-free."
	} >>"$log"
	[ "$(unwell "$log" | wc -l)" -eq 5 ]
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "TAP version 13"
if ! dmesg >"$log" 2>/dev/null; then
	echo "1..0 # SKIP the kernel log is not for this user"
	exit 4
fi
echo "1..3"
unwell "$log"
[ -z "$(unwell "$log")" ]
report $? "the kernel log is clean"

leaks=/sys/kernel/debug/kmemleak
if [ -w $leaks ]; then
	# An object is reported when a second scan finds it unreferenced too.
	echo scan >$leaks
	sleep 6
	echo scan >$leaks
	grep -A 20 'unreferenced object' $leaks | grep -E '\[gil\]|gil_' |
		sed 's/^/# /' >"$log"
	cat "$log"
	[ ! -s "$log" ]
	report $? "nothing leaked"
else
	count=$((count + 1))
	echo "ok $count nothing leaked # SKIP this kernel has no kmemleak"
fi

detects
report $? "a splat would be seen"
[ $failures -eq 0 ]
