#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Look at the kernel's log after all the other tests: from the module's first
# loading on, nothing in it may look like a kernel in trouble.
set -u
here=$(dirname "$0")
# shellcheck source=tests/ktap.sh
. "$here/ktap.sh"

# From the first line that names the module; all of it if that line has gone.
since_loading()
{
	if grep -q 'gil: ' "$1"; then
		sed -n '/gil: /,$p' "$1"
	else
		cat "$1"
	fi
}

trouble()
{
	since_loading "$1" | "$here/splats" /dev/stdin
}

# A test that could not fail would say nothing.
detects()
{
	{
		echo "[    1.000000] WARNING: older than the module"
		echo "[    2.000000] gil: loading out-of-tree module"
		echo "[    3.000000] all is well"
	} >"$log"
	trouble "$log" || return 1
	{
		echo "[    4.000000] BUG: kernel NULL pointer dereference"
		echo "[    5.000000] WARNING: CPU: 0 PID: 1 at core.c:1"
		echo "[    6.000000] INFO: task a:1 blocked for more than 120 s"
		echo "[    7.000000] watchdog: BUG: soft lockup - CPU#0"
		echo "[    8.000000] refcount_t: underflow; use-after-free."
	} >>"$log"
	case $(trouble "$log") in
	*'BUG: kernel NULL'*'(5 such lines)') ;;
	*) return 1 ;;
	esac
}

no_leak()
{
	leaks=/sys/kernel/debug/kmemleak
	[ -w $leaks ] || return $skip
	# An object is reported when a second scan finds it unreferenced too.
	echo scan >$leaks
	sleep 6
	echo scan >$leaks
	! grep -A 20 'unreferenced object' $leaks | grep -E '\[gil\]|gil_' |
		sed 's/^/# /' | grep .
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
dmesg >"$log" 2>/dev/null || skip_all "the kernel log is not for this user"
plan 3
! trouble "$log" | sed 's/^/# /' | grep .
report $? "the kernel log is clean"
no_leak
report $? "nothing leaked" "this kernel has no kmemleak"
check "a splat would be seen" detects
[ $failures -eq 0 ]
