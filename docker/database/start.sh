#!/bin/sh
# Process 1 of the database container, as root: describes the databases, runs Redis, marks CONFIG_DB ready.
# Arguments go to redis-server: `docker run --network host ... --port 0` where the host has its own Redis.
set -eu

shared=/var/run/redis
config=$shared/sonic-db/database_config.json

# The folder is a mount and may be empty, or full of what a killed predecessor left.
mkdir -p "$shared/sonic-db"
chown redis:redis "$shared"

# Readers see the old file or the new one, never half of one: written beside it, then renamed.
cp /etc/redis/database_config.json "$config.new"
mv "$config.new" "$config"

# As the user redis, so that the socket gets the group redis (mode 0760 is in redis.conf).
setpriv --reuid redis --regid redis --init-groups redis-server /etc/redis/redis.conf "$@" &
server=$!
# Process 1 has no default signal actions: without the trap `docker stop` would wait out its grace period.
trap 'kill -TERM "$server" 2>/dev/null || true' TERM INT

until redis-cli -s "$shared/redis.sock" -n 4 set CONFIG_DB_INITIALIZED 1 >/dev/null 2>&1; do
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done

# A trapped signal ends `wait` early; the second one then waits for Redis itself and gets its status.
status=0
wait "$server" || status=$?
if kill -0 "$server" 2>/dev/null; then
  status=0
  wait "$server" || status=$?
fi
exit "$status"
