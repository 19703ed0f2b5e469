#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gilrun and programs that others wrote, and a policy beside the program that
# it is like: run.sh. KTAP on standard output.
# REPEAT=N runs each program of the mix N times under the lock, FULL=1 has
# debuggers do more.
set -u
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
failed=0
for part in endings terminal debuggers mix; do
	"$here/$part.py" || [ $? -eq 4 ] || failed=1
done
"$here/../cpython/compare.py" || [ $? -eq 4 ] || failed=1
exit "$failed"
