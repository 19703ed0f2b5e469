#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of gilreport that need no guest: known answers, in the guest's root,
# where it was built; and its page in this machine's chromium, if there is one.
# KTAP on standard output.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tools/vm/settings
. "$here/../../tools/vm/settings"

made=build/report$variant
failed=0
rm -rf "${top:?}/$made"
"$vm/build" -- python3 tests/report/check_report.py \
	build/guest/userspace/gilreport "$made" || failed=1
# What judges the page's accessibility; without it, that test is skipped.
if command -v npm >/dev/null && [ ! -d "$top/build/axe/node_modules" ]; then
	mkdir -p "$logs"
	timeout 60 npm install --prefix "$top/build/axe" --no-audit --no-fund \
		--fetch-retries 0 axe-core@4.14.1 >"$logs/axe.log" 2>&1
fi
python3 "$here/check_page.py" "$top/$made" || {
	[ $? -eq 4 ] || failed=1
}
exit "$failed"
