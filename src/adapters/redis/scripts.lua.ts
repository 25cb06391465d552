/**
 * The scripts the kit runs in Redis. Each takes one JSON text in ARGV[1], and name a key by its database's
 * number and its text: one script sees CONFIG_DB and STATE_DB in the same step, which KEYS can't express
 * (SONiC's Redis is never a cluster). Redis puts the caller's database back when a script ends.
 */

/** ARGV[1]: [{db, key, fields}]. Returns, a row each, the values of the fields, nil for one that is not there. */
export const READ_ROWS = `
local rows = {}
for i, row in ipairs(cjson.decode(ARGV[1])) do
  redis.call('SELECT', row.db)
  rows[i] = redis.call('HMGET', row.key, unpack(row.fields))
end
return rows
`;

/**
 * ARGV[1]: {rows: [{db, key, fields}], probe: {db, key}}. Returns {values as READ_ROWS, refusal, information}: the error of a
 * write to the probe's key, nil if it was taken, and the text of INFO server, nil for a user who may not ask. The write comes
 * first: before a script has written anything, the server refuses as it refuses any other client.
 */
export const READ_ROWS_WITH_CONDITION = `
local input = cjson.decode(ARGV[1])
redis.call('SELECT', input.probe.db)
local taken = redis.pcall('HSET', input.probe.key, 'ctrkit_probe', '1')
local refusal = type(taken) == 'table' and taken.err or false
if not refusal then redis.call('HDEL', input.probe.key, 'ctrkit_probe') end
local rows = {}
for i, row in ipairs(input.rows) do
  redis.call('SELECT', row.db)
  rows[i] = redis.call('HMGET', row.key, unpack(row.fields))
end
local information = redis.pcall('INFO', 'server')
if type(information) == 'table' then information = false end
return {rows, refusal, information}
`;

/** ARGV[1]: {db, pattern}. Returns the keys that match. SCAN, step by step, as KEYS would take one long breath. */
export const LIST_KEYS = `
local input = cjson.decode(ARGV[1])
redis.call('SELECT', input.db)
local keys, cursor = {}, '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', input.pattern, 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do keys[#keys + 1] = key end
until cursor == '0'
return keys
`;

/**
 * ARGV[1]: {guards: [{db, key, fields, values}], writes: [{db, key, set, remove, ttlMs} or {db, key, delete}]},
 * \`values\` beside \`fields\`, null for a field that is not there; \`set\` is field, value, field, value ...
 * Returns 1 when everything is written, 0 when a guard does not hold and so nothing is. Fails before it has written
 * anything where a key is of another type: Redis takes nothing back of a script that fails half-way.
 */
export const WRITE_ROWS = `
local input = cjson.decode(ARGV[1])
for _, guard in ipairs(input.guards) do
  redis.call('SELECT', guard.db)
  local found = redis.call('HMGET', guard.key, unpack(guard.fields))
  for i, expected in ipairs(guard.values) do
    if (found[i] or cjson.null) ~= expected then return 0 end
  end
end
for _, write in ipairs(input.writes) do
  redis.call('SELECT', write.db)
  if not write.delete then redis.call('HLEN', write.key) end
end
for _, write in ipairs(input.writes) do
  redis.call('SELECT', write.db)
  if write.delete then
    redis.call('DEL', write.key)
  else
    redis.call('HSET', write.key, unpack(write.set))
    if #write.remove > 0 then redis.call('HDEL', write.key, unpack(write.remove)) end
    if write.ttlMs then redis.call('PEXPIRE', write.key, write.ttlMs) end
  end
end
return 1
`;
