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
python3 "$here/check_page.py" "$top/$made" || {
	[ $? -eq 4 ] || failed=1
}
exit "$failed"
