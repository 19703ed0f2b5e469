#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Load and unload the module: a hundred times, refused while it is in use, and
# with good and bad parameters. Leaves it as it was found, loaded or not.
# GIL_KO names the module; without it, the installed one is used.
set -u

cycles=100
device=/dev/gil
# shellcheck source=tests/ktap.sh
. "$(dirname "$0")/ktap.sh"

loaded()
{
	grep -q '^gil ' /proc/modules
}

load()
{
	insmod "$ko" "$@" 2>"$scratch"
}

# Contexts of threads that just ended may hold the module for a moment.
unload()
{
	tries=50
	while ! rmmod gil 2>"$scratch"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

parameter()
{
	cat "/sys/module/gil/parameters/$1"
}

# Is a line like $1 among the last ones that the module or the kernel's parameter
# code logged?
log_says()
{
	dmesg | tail -n 20 | grep -q "gil: .*$1"
}

many_cycles()
{
	"$helpers/gil_cycles" $cycles "$ko" && ! loaded
}

# refused_while WHAT: a program holds the module by WHAT until its input ends.
# rmmod must say that it is in use, and succeed afterwards.
refused_while()
{
	load || return 1
	mkfifo "$scratch.in" "$scratch.out" || return 1
	"$helpers/gil_holder" "$1" <"$scratch.in" >"$scratch.out" &
	exec 8>"$scratch.in" 9<"$scratch.out"
	rm -f "$scratch.in" "$scratch.out"
	refused=1
	if read -r word <&9 && [ "$word" = held ]; then
		rmmod gil 2>/dev/null || refused=0
		loaded || refused=1
	fi
	exec 8>&- 9<&-
	wait $!
	unload || return 1
	return $refused
}

# loaded_with INTERVAL_US MODE [PARAMETER...]: load with these parameters, and
# check interval_us and the device's mode.
loaded_with()
{
	interval=$1 mode=$2
	shift 2
	load "$@" || return 1
	[ "$(parameter interval_us)" = "$interval" ] &&
		[ "$(parameter policy)" = fifo ] &&
		[ "$(stat -c %a $device)" = "$mode" ]
	status=$?
	rmmod gil
	return $status
}

# interval_us may be changed while the module is loaded, for locks that are made
# later. A bad value is refused and changes nothing.
interval_set_later()
{
	load interval_us=1000 || return 1
	at=/sys/module/gil/parameters/interval_us
	echo 10000000 2>/dev/null >$at && [ "$(parameter interval_us)" = 10000000 ]
	status=$?
	for bad in 0 10000001 -1 4294967297 x ''; do
		if echo "$bad" 2>/dev/null >$at; then
			echo "# interval_us took '$bad'"
			status=1
		fi
	done
	[ "$(parameter interval_us)" = 10000000 ] || status=1
	rmmod gil
	return $status
}

# refused PARAMETER MESSAGE: does not load, and the log says why.
refused()
{
	echo "gil: test of $1" >/dev/kmsg
	if load "$1"; then
		rmmod gil
		echo "# it loaded"
		return 1
	fi
	if loaded || [ -e $device ]; then
		echo "# something was left behind"
		return 1
	fi
	log_says "$2"
}

# offered LEVEL WANTED SAID: a load with level=LEVEL lets a thread bind itself as
# WANTED says (nothing, io, or slice too), and the log has SAID lines about it.
offered()
{
	echo "gil: test of level=$1" >/dev/kmsg
	load level="$1" || return 1
	got=$("$helpers/gil_holder" levels)
	lines=$(dmesg | sed '1,/gil: test of level='"$1"'$/d' |
		grep -c 'gil: the levels above')
	unload || return 1
	[ "$got" = "$2" ] && [ "$lines" = "$3" ] && return 0
	echo "# offered '$got', said in $lines lines"
	return 1
}

# What binding a thread needs of the kernel.
can_bind()
{
	! uname -v | grep -qw PREEMPT_RT &&
		grep -q ' preempt_notifier_register\b' /proc/kallsyms &&
		grep -q ' __ksymtab_task_work_add\b' /proc/kallsyms
}

restore()
{
	rm -f "$scratch"
	loaded && rmmod gil
	if [ -n "$was_loaded" ]; then
		insmod "$ko" interval_us="$was_interval" policy="$was_policy" \
			mode="$was_mode" level="$was_level"
	fi
}

[ "$(id -u)" = 0 ] || skip_all "only root loads modules"
ko=${GIL_KO-}
[ -n "$ko" ] || ko=$(modinfo -n gil 2>/dev/null)
[ -f "$ko" ] || skip_all "no gil.ko: set GIL_KO"
helpers=${GIL_HELPERS:-$(dirname "$0")}
for helper in gil_cycles gil_holder; do
	[ -x "$helpers/$helper" ] || skip_all "no $helper beside this script"
done

scratch=$(mktemp)
was_loaded=
if loaded; then
	was_loaded=yes
	was_interval=$(parameter interval_us)
	was_policy=$(parameter policy)
	was_mode=$(parameter mode)
	was_level=$(parameter level)
	unload || skip_all "the module is in use"
fi
trap restore EXIT

plan 18
check "loaded and unloaded $cycles times" many_cycles
check "default parameters" loaded_with 5000 666
check "parameters take effect" \
	loaded_with 1 600 interval_us=1 policy=fifo mode=0600
check "interval_us is checked when it is set later" interval_set_later
for what in open private mapped owner waiter; do
	check "not unloaded while in use: $what" refused_while $what
done
if can_bind; then
	check "not unloaded while in use: bound" refused_while bound
	check "level=manual: no binding, and one line of the log says so" \
		offered manual '' 1
	check "level=auto-io: no preemption at the interval, and the log says so" \
		offered auto-io io 1
	check "level=enforced: preemption at the interval, and the log says nothing" \
		offered enforced 'io slice' 0
else
	echo "# this kernel lacks what binding a thread needs"
	load && ! "$helpers/gil_holder" bound </dev/null && rmmod gil
	report $? "no thread can be bound"
	for level in manual auto-io enforced; do
		check "level=$level: no binding, and one line of the log says so" \
			offered $level '' 1
	done
fi
while read -r bad why; do
	check "$bad is refused" refused "$bad" "$why"
done <<EOF
interval_us=0 invalid for parameter
interval_us=10000001 invalid for parameter
policy=nonsense no such policy
level=nonsense no such level
mode=010000 not permission bits
EOF
[ $failures -eq 0 ]
