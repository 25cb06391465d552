#!/bin/sh
# Takes the place of SONiC's container_startup.py, so that an image's start.sh needs no change. A shell script
# under a Python name: start.sh runs it as a program, and a Python interpreter would cost 20 ms and 10 MB.
#
# start.sh goes on whatever the status of this script is, and would then start the application ungated. So this
# script returns on "go" only. Every other end of the gate (wrong usage, a defect, no Node.js, killed for memory)
# is a hold: the gate has said why on stderr, and is asked again once a minute.

trap 'kill "$child" 2>/dev/null; exit 143' TERM
trap 'kill "$child" 2>/dev/null; exit 130' INT
child=

# Bounded by the caller's life: start.sh killed alone leaves nobody to return to.
while [ -d "/proc/$PPID" ]; do
	CTRKIT_CALLER_PID=$PPID /usr/bin/container_startup "$@" &
	child=$!
	wait "$child"
	status=$?
	[ "$status" -ne 0 ] || exit 0
	[ -d "/proc/$PPID" ] || break
	echo "container_startup.py: held: the gate ended with $status, the application is not started; asking again in 60 s" >&2
	# By the second, to see a caller that has gone; by its full path, as a loop that can't sleep would spin.
	for _ in 1 2 3 4 5 6; do
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			[ -d "/proc/$PPID" ] || exit 129
			/bin/sleep 1 &
			child=$!
			wait "$child"
		done
	done
done
exit 129
