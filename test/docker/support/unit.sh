#!/bin/sh
# Stands in for a feature's systemd unit, as SONiC's service files have it: ExecStartPre start, ExecStart wait, ExecStop
# stop, RestartSec. One process a feature; what it is told comes from the environment of the test.
#   unit.sh run FEATURE       the unit: starts, waits, stops and starts again until SIGTERM, which stops it
#   unit.sh restart FEATURE   as systemctl restart: the old one has stopped before the new one starts
#   unit.sh start|stop|reset-failed FEATURE
#   unit.sh show --property=ActiveState,SubState FEATURE
# UNIT_DIR its files, UNIT_HOST the host's overlay, UNIT_CREATE the words of `docker create` for the local container,
# UNIT_RESTART_S the pause before it starts again, default 1; UNIT_START_LIMIT how often it starts by itself before it has failed, as often as needed without it.
set -u
verb=$1
[ "$verb" != show ] || shift
feature=$2
pid_file=$UNIT_DIR/$feature.pid
container() { "$UNIT_HOST/usr/bin/container" "$@"; }
# ActiveState and SubState, as long as the unit is not inactive.
states() { printf 'ActiveState=%s\nSubState=%s\n' "$1" "$2" >"$UNIT_DIR/$feature.unit"; }
say() { echo "$(date +%T.%3N) unit $feature: $*" >>"$UNIT_DIR/$feature.log"; }

run() {
	waiter='' starts=0
	# shellcheck disable=SC2317 # by trap
	end() {
		trap '' TERM
		[ -z "$waiter" ] || kill "$waiter" 2>/dev/null
		say 'stopping'
		states deactivating stop
		container stop "$feature" >>"$UNIT_DIR/$feature.log" 2>&1
		say "stopped ($?)"
		rm -f "$UNIT_DIR/$feature.unit"
		exit 0
	}
	trap end TERM
	while :; do
		docker container inspect "$feature" >/dev/null 2>&1 ||
			eval "docker create --name $feature $UNIT_CREATE" >>"$UNIT_DIR/$feature.log" 2>&1
		say 'starting'
		starts=$((starts + 1))
		states active running
		container start "$feature" >>"$UNIT_DIR/$feature.log" 2>&1
		say "started ($?)"
		# No shell between: a signal to the waiter has to reach the command itself.
		"$UNIT_HOST/usr/bin/container" wait "$feature" >>"$UNIT_DIR/$feature.log" 2>&1 &
		waiter=$!
		wait "$waiter"
		say "wait ended ($?)"
		waiter=
		states deactivating stop
		container stop "$feature" >>"$UNIT_DIR/$feature.log" 2>&1
		if [ "$starts" -ge "${UNIT_START_LIMIT:-1000}" ]; then
			say 'has failed: it has started too often'
			states failed failed
			exit 1
		fi
		states activating auto-restart
		sleep "${UNIT_RESTART_S:-1}" &
		wait $!
	done
}

stop() {
	[ -f "$pid_file" ] || return 0
	pid=$(cat "$pid_file")
	kill -TERM "$pid" 2>/dev/null
	while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
	rm -f "$pid_file"
}

case $verb in
run) run ;;
start) setsid "$0" run "$feature" </dev/null >/dev/null 2>&1 & echo $! >"$pid_file" ;;
stop) stop ;;
show) cat "$UNIT_DIR/$feature.unit" 2>/dev/null || printf 'ActiveState=inactive\nSubState=dead\n' ;;
reset-failed) ;;
restart)
	say 'restart asked for'
	stop
	setsid "$0" run "$feature" </dev/null >/dev/null 2>&1 &
	echo $! >"$pid_file"
	;;
esac
