#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Test gilrun, also with well-known programs. KTAP on standard output.
# REPEAT=N runs each program of the mix N times under the lock; FULL=1 tries more
# of the debuggers.
set -u
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
failed=0
for part in endings standin terminal debuggers mix; do
	"$here/$part.py" || [ $? -eq 4 ] || failed=1
done
exit "$failed"
