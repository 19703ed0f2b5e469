#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Test the harness itself: whatever goes wrong in a guest must come out as a
# failure, with the reason. Runs on the host; prints KTAP.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/tests/vm
vm=$top/tools/vm
own_kernel=${GIL_KERNEL:-}
slow=1	# how many times as long a guest may take
[ "$own_kernel" != debug ] || slow=5
mkdir -p "$top/build"
work=$(mktemp -d "$top/build/vm-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

# shellcheck source=tests/ktap.sh
. "$here/../ktap.sh"

# has FILE TEXT
has() {
	grep -q -e "$2" "$1" && return 0
	printf '# "%s" is missing in:\n' "$2"
	sed 's/^/#   /' "$1"
	return 1
}

### Judges, on recorded text.

test_ktap() {
	local sample status passed failed skipped bad=0 sum seen

	while read -r sample status passed failed skipped; do
		[ "$sample" != '#' ] || continue
		sum=$("$vm/ktap" "$here/ktap/$sample.ktap" | tail -n 1)
		"$vm/ktap" "$here/ktap/$sample.ktap" >/dev/null
		seen=$?
		same "$sample: status" "$status" "$seen" || bad=1
		same "$sample" "$passed passed, $failed failed, $skipped skipped" \
			"$sum" || bad=1
	done <"$here/ktap/expected"
	report "$bad" "ktap: every sample is counted as it should be"

	sum=$("$vm/ktap" "$here"/ktap/{all-pass,one-fails}.ktap | tail -n 1)
	check "ktap: files are added up" \
		same "two files" "4 passed, 1 failed, 1 skipped" "$sum"

	"$vm/ktap" "$here/ktap/one-fails.ktap" >"$work/said"
	same "said" "$(printf '    %s\n' \
		'gil_one.c:12:release:Expected 0 (0) == err (1)' \
		'release: Test terminated by assertion')" \
		"$(grep '^  ' "$work/said")"
	report $? "ktap: what a failed test said is below it, and nothing else"
}

test_printers() {
	cat >"$work/cases.py" <<-'EOF'
		import sys, ktap
		def skips(): raise ktap.Skip("a reason")
		def raises(): raise ValueError
		sys.exit(ktap.run((("held", True), ("text", lambda: "more"),
			("not held", False), ("raises", raises),
			("false", lambda: False), ("skips", skips))))
	EOF
	PYTHONPATH=$top/tests PYTHONDONTWRITEBYTECODE=1 \
		python3 "$work/cases.py" >"$work/cases"
	same "status" 1 $? && same "results" "2 passed, 3 failed, 1 skipped" \
		"$("$vm/ktap" "$work/cases" | tail -n 1)"
	report $? "ktap.py: every outcome of a case is reported"

	cat >"$work/cases.sh" <<-EOF
		. "$top/tests/ktap.sh"
		plan 4
		report 0 passes
		report 1 fails
		report 4 "may not be skipped"
		report 4 "may be skipped" "a reason"
		exit \$failures
	EOF
	sh "$work/cases.sh" >"$work/cases"
	same "failures" 2 $? && same "results" "1 passed, 2 failed, 1 skipped" \
		"$("$vm/ktap" "$work/cases" | tail -n 1)"
	report $? "ktap.sh: every outcome of a test is reported"
}

test_splats() {
	local line bad=0

	while read -r line; do
		printf '[    1.0] Run /init\n[    2.0] %s\n' "$line" >"$work/log"
		if "$top/tests/splats" "$work/log" >/dev/null; then
			echo "# not noticed: $line"
			bad=1
		fi
	done <"$here/splats.txt"
	report "$bad" "splats: every recorded kind is noticed"

	printf '%s\n' '[    0.1] Command line: oops=panic panic=-1' \
		'[    0.2] Spectre V2 : WARNING: Unprivileged eBPF is enabled' \
		'[    0.3] rcu: 	RCU lockdep checking is enabled.' \
		'[    0.4] kmemleak: Kernel memory leak detector initialized' \
		'[    1.9] gil: loading out-of-tree module taints kernel.' \
		>"$work/log"
	"$top/tests/splats" "$work/log" | sed 's/^/# /'
	report "${PIPESTATUS[0]}" "splats: harmless lines are not reported"

	check "splats: a kill inside a memory cgroup is told from trouble" \
		judge_kills
}

# kill_report CONSTRAINT LAST [LINE…]: the kernel's report of a kill, with lines of
# something else in it.
kill_report() {
	printf '[    3.0] %s\n' 'hog invoked oom-killer: gfp_mask=0xcc0' \
		'CPU: 0 UID: 0 PID: 300 Comm: hog' 'Call Trace:' ' <TASK>' \
		' dump_stack_lvl+0x5d/0x80' "${@:3}" ' </TASK>' \
		"oom-kill:constraint=$1,nodemask=(null),task=hog,pid=300,uid=0" \
		"$2: Killed process 300 (hog) total-vm:52428kB"
}

judge_kills() {
	local in_cgroup=(CONSTRAINT_MEMCG 'Memory cgroup out of memory')

	{
		echo '[    1.0] Run /init'
		kill_report "${in_cgroup[@]}"
		kill_report "${in_cgroup[@]}"
	} >"$work/log"
	"$top/tests/splats" "$work/log" || return 1

	# An oops in the middle of it, one after it, a kill of the whole
	# machine, and a report that does not end.
	kill_report "${in_cgroup[@]}" 'Oops: 0002 [#1]' 'Call Trace:' >"$work/log"
	same "an oops within" '[    3.0] Oops: 0002 [#1] (2 such lines)' \
		"$("$top/tests/splats" "$work/log")" || return 1
	{
		kill_report "${in_cgroup[@]}"
		echo '[    4.0] Call Trace:'
	} >"$work/log"
	same "a stack after it" '[    4.0] Call Trace: (1 such lines)' \
		"$("$top/tests/splats" "$work/log")" || return 1
	kill_report CONSTRAINT_NONE 'Out of memory' >"$work/log"
	same "everywhere" '[    3.0] Call Trace: (2 such lines)' \
		"$("$top/tests/splats" "$work/log")" || return 1
	kill_report "${in_cgroup[@]}" | head -n 5 >"$work/log"
	same "cut off" '[    3.0] Call Trace: (1 such lines)' \
		"$("$top/tests/splats" "$work/log")"
}

# judge QEMU_STATUS STATUS [PATTERN]: the verdict on what is recorded in $work.
judge() {
	local seen=0
	"$vm/verdict" "$1" 10 "$work"/{result,log,qemu} 2>"$work/said" || seen=$?
	same status "$2" "$seen" && { [ $# -lt 3 ] || has "$work/said" "$3"; }
}

test_verdict() {
	echo "Run /init" >"$work/log"
	: >"$work/result"
	echo "qemu: no such option" >"$work/qemu"
	check "verdict: a command whose end was not reported is a failure" \
		judge 0 83 '^guest: LOST: .*went away'

	echo "ended 0" >"$work/result"
	check "verdict: a failing qemu is a failure, and what it said is shown" \
		judge 1 83 'qemu: no such option'
	check "verdict: a guest that was stopped is a failure" \
		judge 124 81 '^guest: HANG: .*10 s'

	printf '%s\n' '[    0.1] Run /init' \
		'[   15.7] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI' \
		'[   15.8] Kernel panic - not syncing: Fatal exception in interrupt' \
		>"$work/log"
	check "verdict: the emulator's int3 is told apart" \
		judge 0 84 '^guest: EMULATOR: '

	sed -i '2i [   15.6] BUG: KASAN: use-after-free in gil_timer' "$work/log"
	check "verdict: an int3 after another splat is a panic" judge 0 80

	sed -i -e 2d -e '1i [    0.0] Hypervisor detected: KVM' "$work/log"
	check "verdict: an int3 under KVM is a panic" judge 0 80
}

### Guests, a few at a time. boot NAME LIMIT COMMAND: what came of it is in
### $work/NAME.{status,out,err}.

boot() {
	"$vm/boot" --name "vm-$1" --cpus 1 --timeout $(($2 * slow)) "$3" \
		>"$work/$1.out" 2>"$work/$1.err"
	echo $? >"$work/$1.status"
}

run_guests() {
	boot hang 60 'echo before; sleep infinity' &
	# More output than fits into any buffer on its way.
	boot fail 120 'seq 100000; echo "said on stderr" >/dev/stderr
		rm /usr/bin/bpftrace && touch /left; exit 7' &
	boot crash 120 'echo c >/proc/sysrq-trigger' &
	wait -n
	boot splat 120 "insmod /gil/${work#"$top"/}/splat/splat.ko" &
	wait -n
	boot lost 120 'echo before; poweroff -f' &
	wait
}

# What only the debug kernel notices: kind=pattern of the verdict.
debug_splats=(lockdep='possible circular' sleep='sleeping function'
	kasan='KASAN:' leak='kmemleak:')

test_debug_splats() {
	local kind

	for kind in "${debug_splats[@]%%=*}"; do
		boot "$kind" 120 "insmod /gil/${work#"$top"/}/splat/splat.ko \
			kind=$kind; tools/vm/guest-leaks" &
		[ "$(jobs -r | wc -l)" -lt 2 ] || wait -n
	done
	wait
	for kind in "${debug_splats[@]}"; do
		check "debug kernel: a splat is a failure: ${kind%%=*}" \
			ended "${kind%%=*}" 82 "^guest: SPLAT .*${kind#*=}"
	done
}

# ended NAME STATUS [PATTERN]: how the guest's boot must have ended.
ended() {
	same "$1: status" "$2" "$(cat "$work/$1.status")" &&
		{ [ $# -lt 3 ] || has "$work/$1.err" "$3"; }
}

test_guests() {
	local root

	mkdir "$work/splat"
	cp "$here"/splat/* "$work/splat/"
	"$vm/build" -- sh -c "make -C \"\$KDIR\" \
		M=/gil/${work#"$top"/}/splat modules" >"$work/build" 2>&1 ||
		sed 's/^/# /' "$work/build"
	run_guests

	check "guest: the command's exit status comes back" ended fail 7
	same "bytes and lines" "$(seq 100000 | cksum)" "$(cksum <"$work/fail.out")"
	report $? "guest: all output comes back"
	check "guest: standard error comes back, and by itself" \
		same "standard error" "said on stderr" "$(cat "$work/fail.err")"
	root=$("$vm/root" --path)
	[ -x "$root/usr/bin/bpftrace" ] && ! [ -e "$root/left" ]
	report $? "guest: what it writes and removes in its root is gone with it"

	check "guest: a crash is a failure: panic" \
		ended crash 80 '^guest: PANIC: .*sysrq'
	check "guest: a hang is a failure: stopped at the limit" \
		ended hang 81 '^guest: HANG: '
	grep -q 'sleep infinity' "$(sed -n \
		"s/^guest: the kernel's log is //p" "$work/hang.err")"
	report $? "guest: a hang's log says what was running"
	check "guest: a kernel warning is a failure though the command passed" \
		ended splat 82 '^guest: SPLAT .*WARNING'
	check "guest: powering off before the end is a failure" \
		ended lost 83 '^guest: LOST: '
	# A crash may come before what was just said has left the guest.
	check "guest: what was said before a hang is kept" \
		has "$work/hang.out" '^before$'
}

echo "TAP version 13"
test_ktap
test_printers
test_splats
test_verdict
"$here/suites.sh" | sed 's/^/  /'
report "${PIPESTATUS[0]}" "make: tests and commands are taken from its command line"
test_guests
[ "$own_kernel" != debug ] || test_debug_splats
echo "1..$count"
