#!/bin/sh
''':'
# Takes the place of SONiC's container_startup.py, so that an image's start.sh needs no change. A shell script
# under a Python name: start.sh runs it as a program, and a Python interpreter would cost 20 ms and 10 MB. Where it is
# given to Python all the same, this is a text, which ends at the next three quotes; a shell sees an empty word and a ':'.
#
# start.sh goes on whatever the status of this script is, and would then start the application ungated. So
# start.sh is stopped first, by SIGSTOP, and this shell becomes the gate: nothing is forked. The gate lets
# start.sh go on when the application may start. Whatever else ends the gate, at whatever moment, start.sh stands.

# Called with a COMMAND the gate starts that, or nothing: then nobody else decides.
for ctrkit_word; do
	if [ "$ctrkit_word" = -- ]; then exec /usr/bin/container_startup "$@"; fi
done

# supervisord is named so, or its Python is; then by its words. A start.sh may have that word among its own: a program that
# supervisord starts by itself is the leader of a process group, and what a script starts is not.
is_supervisord() { # the caller
	read -r comm <"/proc/$PPID/comm" || return 1
	[ "$comm" != supervisord ] || return 0
	[ "${SUPERVISOR_ENABLED:-}" = 1 ] || return 1
	read -r _ _ _ _ group _ <"/proc/$$/stat"
	# Its words are ended by NUL, which a shell leaves out, and by no newline.
	read -r words <"/proc/$PPID/cmdline"
	case $group:$words in "$$":*supervisord*) return 0 ;; esac
	return 1
}

# Nobody goes on after a program of supervisord by itself, and a stopped supervisord would do nothing more.
if is_supervisord 2>/dev/null; then exec /usr/bin/container_startup "$@"; fi

# A person's shell is not stopped, and process 1 can't be.
if [ "$PPID" -gt 1 ] && ! [ -t 0 ]; then
	if kill -STOP "$PPID"; then
		export CTRKIT_CALLER_PID="$PPID" CTRKIT_CALLER_STOPPED=1
		exec /usr/bin/container_startup "$@"
	fi
fi

# What can't be stopped is kept waiting: this script returns on "go" only. After any other end of the gate (wrong
# usage, a defect, no Node.js, killed for memory), which has said why, it is asked again once a minute.

# Where /proc is not mounted it is taken for there: to return would let it go on.
is_caller_there() { [ "$PPID" -eq 0 ] || [ -d "/proc/$PPID" ] || ! [ -d /proc/self ]; }

# A shell that can't fork ends, whatever it was about to do. This one stands still instead, which needs no process.
is_over=
# shellcheck disable=SC2317 # called by the trap
stand_still() {
	while [ -z "$is_over" ] && is_caller_there; do kill -STOP $$; done
}
trap stand_still EXIT
leave() { # exit code
	is_over=1
	exit "$1"
}

child=
# A status lets the caller go on, so it is asked to end, and this ends by that signal itself: bash takes a SIGINT, also one from
# a terminal, for handled unless its child dies of it. SIGQUIT bash ignores. A person's shell takes neither for its end.
# shellcheck disable=SC2317 # called by the traps
end_with_caller() { # INT or TERM, exit code
	if [ -n "$child" ]; then kill "$child"; fi
	if [ "$PPID" -gt 0 ]; then kill -"$1" "$PPID"; fi
	trap - "$1"
	kill -"$1" $$
	# Process 1 takes no signal that it does not catch.
	leave "$2"
} 2>/dev/null
trap 'end_with_caller INT 130' INT QUIT
trap 'end_with_caller TERM 143' TERM HUP USR1 USR2
# A reader of stderr that is gone is no reason to end.
trap '' PIPE

# Waits for the process that was started last, if it is another one than `$1`: else it was not started, and the status of an
# earlier one would be taken for its own.
wait_for() { # the process id that was the last one before
	child=$!
	[ "$child" != "$1" ] || exit 70
	wait "$child"
}

# Bounded by the caller's life: start.sh killed alone leaves nobody to return to.
while is_caller_there; do
	before=${!:-}
	CTRKIT_CALLER_PID=$PPID /usr/bin/container_startup "$@" &
	wait_for "$before"
	status=$?
	[ "$status" -ne 0 ] || leave 0
	echo "container_startup.py: held: the gate ended with $status, the application is not started; asking again in 60 s" >&2
	# By the second, to see a caller that has gone; by its full path, as a loop that can't sleep would spin.
	for _ in 1 2 3 4 5 6; do
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			is_caller_there || leave 129
			before=${!:-}
			/bin/sleep 1 &
			wait_for "$before"
		done
	done
done
leave 129
# shellcheck disable=SC2317 # Python's part
: <<'PYTHON'
'''
import os
import signal
import sys

signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execv('/bin/sh', ['/bin/sh', os.path.abspath(__file__)] + sys.argv[1:])
PYTHON
