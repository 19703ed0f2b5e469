#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Test how the tests and commands of a make command line are chosen and passed on,
# in a copy of the tree whose guest only shows the command that it was given.
# Runs on the host; prints TAP.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$top/build"
tree=$(mktemp -d "$top/build/suites-test.XXXXXX")
trap 'rm -rf "$tree"' EXIT
unset MAKEFLAGS MAKEOVERRIDES GIL_SUITE GIL_KERNEL

mkdir -p "$tree"/tools "$tree"/tests/{docs,report} "$tree/build/guest/kselftest"
cp "$top/Makefile" "$tree/"
cp -r "$top/tools/vm" "$tree/tools/"
cat >"$tree/tools/vm/run" <<'END'
#!/bin/bash
printf '%s' "${!#}" >"$(dirname "$0")/command"
echo "ok 1 $2"
END
for suite in docs report; do
	printf '#!/bin/sh\necho "ok 1 %s"\n' "$suite" >"$tree/tests/$suite/run.sh"
	chmod +x "$tree/tests/$suite/run.sh"
done
printf 'gil:%s\n' gil_one gil_two module.sh >"$tree/build/guest/kselftest/kselftest-list.txt"
echo 'TEST_F(one, waits)' >"$tree/tests/gil_one.c"
# A browser is not needed here, and neither is a step that builds something.
printf '#!/bin/sh\n' >"$tree/chromium"
cp "$tree/chromium" "$tree/tools/vm/step"
chmod +x "$tree/chromium"
PATH=$tree:$PATH

# shellcheck source=tests/ktap.sh
. "$top/tests/ktap.sh"

# expect TEXT SEEN
expect() {
	[[ $2 == *"$1"* ]] && return 0
	printf 'expected: %q\nsaw: %q\n' "$1" "$2" | sed 's/^/# /'
	return 1
}

run_make() {
	make -s --no-print-directory -C "$tree" "$@" 2>&1
}

### A command line reaches the guest as it was typed.

# shellcheck disable=SC2016,SC1003	# to be taken literally
lines=('x=5; echo $x $(uname)' '$$' '$(' '${HOME}' '`id`' "it's" '"two words"' 'a # b'
	'back\slash' 'a\\b' 'end\' '\#' $'two\nlines' $'a \\\nb' '%d * ; & | < >' '=x' '!'
	'$(shell touch evil)' '$(error no)' -n)
bad=0
for line in "${lines[@]}"; do
	rm -f "$tree/tools/vm/command"
	run_make run "CMD=$line" >/dev/null
	seen=$(cat "$tree/tools/vm/command" 2>/dev/null)
	[ "$seen" = "$line" ] || expect "$line" "$seen" || bad=1
done
[ ! -e "$tree/evil" ] || bad=1
report "$bad" "make run: every command line arrives as it was typed"

said=$(run_make run)
[ $? -eq 2 ] && expect "usage: make run CMD=" "$said"
report $? "make run: without a command says how to use it"

### SUITES and ONLY.

said=$(run_make test SUITES='docs report' | tail -n 1)
expect "2 passed, 0 failed, 0 skipped" "$said" &&
	[ "$(cd "$tree/build/test" && echo *)" = "docs.ktap report.ktap" ]
report $? "make test: SUITES runs these suites and no other"

said=$("$tree/tools/vm/test" --check typo 2>&1)
[ $? -eq 2 ] && expect "there is no suite 'typo'; the suites are: docs kselftest" "$said"
report $? "make test: an unknown suite is refused, and the suites are named"

! run_make test SUITES=typo >/dev/null
report $? "make test: an unknown suite is a failure"

run_make test ONLY='gil_two module.sh' >/dev/null
expect "run_kselftest.sh -t gil:gil_two -t gil:module.sh" "$(cat "$tree/tools/vm/command")"
report $? "make test: ONLY runs these programs"

run_make test ONLY='gil_one:waits' SUITES=docs >/dev/null
expect "KSELFTEST_GIL_ONE_ARGS=-twaits\\  build/guest/kselftest/run_kselftest.sh -t gil:gil_one" \
	"$(cat "$tree/tools/vm/command")" &&
	[ "$(cd "$tree/build/test" && echo *)" = "docs.ktap kselftest.ktap" ]
report $? "make test: ONLY runs one test case, beside the suites of SUITES"

said=$("$tree/tools/vm/test" --only=gil_typo 2>&1)
[ $? -eq 2 ] &&
	expect "there is no program 'gil_typo' in kselftest; the programs are: gil_one" "$said"
report $? "make test: an unknown program is refused, and the programs are named"

said=$("$tree/tools/vm/test" --only=gil_one:typo 2>&1)
[ $? -eq 2 ] && expect "there is no test case 'typo' in tests/gil_one.c" "$said"
report $? "make test: an unknown test case is refused"

echo "1..$count"
[ "$failures" -eq 0 ]
