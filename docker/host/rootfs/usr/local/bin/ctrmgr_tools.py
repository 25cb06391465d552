#!/bin/sh
# In place of SONiC's ctrmgr_tools.py, a shell script under a Python name. SONiC's warm-reboot, fast-reboot, express-reboot and
# soft-reboot run it by this path, with tag-all, if the file exists. A reboot must go on whatever comes of it: it ends with
# 0 as SONiC's does, with 2 for a wrong usage, and in time, whatever hangs.

# The script that calls says what kind of a reboot it is. The kernel names a script by its file.
caller=
read -r caller <"/proc/$PPID/comm" || caller=

ctrkit=${0%/*}/../../bin/ctrkit
[ -x "$ctrkit" ] || ctrkit=/usr/bin/ctrkit

if [ "${1:-}" = tag-all ]; then set -- "$@" --caller "$caller"; fi
if command -v timeout >/dev/null; then
	set -- timeout -k 2 20 "$ctrkit" ctrmgr-tools "$@"
else
	set -- "$ctrkit" ctrmgr-tools "$@"
fi
"$@"
status=$?
[ "$status" -ne 64 ] || exit 2
exit 0
