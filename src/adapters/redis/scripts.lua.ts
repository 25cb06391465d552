/**
 * The scripts the kit runs in Redis. Each takes one JSON text in ARGV[1], and name a key by its database's
 * number and its text: one script sees CONFIG_DB and STATE_DB in the same step, which KEYS can't express
 * (SONiC's Redis is never a cluster). Redis puts the caller's database back when a script ends.
 */

/**
 * The error of a call for one key, for people: Redis says of a key that is no hash neither which one it is nor what. Put
 * before a script, as what follows is.
 */
export const DEFINE_EXPLAIN = `
local function isWrongType(reply)
  return type(reply) == 'table' and reply.err and string.find(reply.err, 'WRONGTYPE', 1, true)
end
local function explain(reply, row)
  if not isWrongType(reply) then return reply end
  redis.call('SELECT', row.db)
  local found = redis.call('TYPE', row.key).ok
  return {err = 'WRONGTYPE ' .. row.key .. ' is a ' .. found .. ', not a hash; redis-cli -n ' .. row.db ..
    ' TYPE "' .. row.key .. '" shows it, DEL removes it'}
end
`;

/**
 * Reads [{db, key, fields, isDispensable}]. Returns, a row each, two lists: the values of the fields, nil for one that is not there; and
 * position (from 1), SHA-1, position, SHA-1 ... of the values that are not plain ASCII, which a client that reads text may
 * not have as they are. Where the key of a dispensable row is no hash, what is wrong with it is the third entry.
 */
const DEFINE_READ = `${DEFINE_EXPLAIN}
local function readRows(wanted)
  local rows = {}
  for i, row in ipairs(wanted) do
    redis.call('SELECT', row.db)
    local values, digests = redis.pcall('HMGET', row.key, unpack(row.fields)), {}
    local problem = nil
    if values.err then
      values = explain(values, row)
      if not (row.isDispensable and isWrongType(values)) then return values end
      problem = values.err
      values = {}
      for at = 1, #row.fields do values[at] = false end
    end
    for at, value in ipairs(values) do
      if value and string.find(value, '[\\128-\\255]') then
        digests[#digests + 1] = at
        digests[#digests + 1] = redis.sha1hex(value)
      end
    end
    rows[i] = {values, digests, problem}
  end
  return rows
end
`;

/** ARGV[1]: the rows, as above. */
export const READ_ROWS = `${DEFINE_READ}return readRows(cjson.decode(ARGV[1]))\n`;

/**
 * ARGV[1]: {rows: [{db, key, fields}], probe: {db, key}}. Returns {rows as READ_ROWS, refusal, information}: the error of a
 * write to the probe's key, nil if it was taken, and the text of INFO server, nil for a user who may not ask. The write comes
 * first: before a script has written anything, the server refuses as it refuses any other client.
 */
export const READ_ROWS_WITH_CONDITION = `${DEFINE_READ}
local input = cjson.decode(ARGV[1])
redis.call('SELECT', input.probe.db)
local probe = input.probe.key
local taken = redis.pcall('HSET', probe, 'ctrkit_probe', '1')
if isWrongType(taken) then
  probe = probe .. '|ctrkit_probe'
  taken = redis.pcall('HSET', probe, 'ctrkit_probe', '1')
end
local refusal = type(taken) == 'table' and taken.err or false
if not refusal then redis.call('HDEL', probe, 'ctrkit_probe') end
local rows = readRows(input.rows)
if rows.err then return rows end
local information = redis.pcall('INFO', 'server')
if type(information) == 'table' then information = false end
return {rows, refusal, information}
`;

/**
 * ARGV[1]: {guards: [{db, key, fields, values}], writes: [{db, key, delete} or {db, key, set, remove, ttlMs, onlyIf,
 * removeIfFull, isDispensable}]}. \`values\` beside \`fields\`: a text, {sha1} for one that is compared by its SHA-1, null for a field that is
 * not there; \`onlyIf\` is {fields, values} of the same key; \`set\` is field, value, field, value ...
 *
 * Returns 1 when everything is written, 0 when a guard does not hold and so nothing is. Fails before it has written
 * anything where a key is of another type: Redis takes nothing back of a script that fails half-way. A dispensable row
 * whose key is is left out instead: then what is wrong with each of them is returned, and all else is written. Where the server has no
 * memory for values it refuses the first of them only: after a deletion, which it allows, it lets a script go on.
 */
export const WRITE_ROWS = `${DEFINE_EXPLAIN}
local input = cjson.decode(ARGV[1])
local function holds(key, guard)
  local found = redis.pcall('HMGET', key, unpack(guard.fields))
  if found.err then return nil, found end
  for i, expected in ipairs(guard.values) do
    local value = found[i]
    if type(expected) == 'table' then
      if not value or redis.sha1hex(value) ~= expected.sha1 then return false end
    elseif (value or cjson.null) ~= expected then
      return false
    end
  end
  return true
end
local function isRefused(reply)
  return type(reply) == 'table' and reply.err and string.find(reply.err, 'OOM', 1, true)
end
for _, guard in ipairs(input.guards) do
  redis.call('SELECT', guard.db)
  local isSame, problem = holds(guard.key, guard)
  if problem then return explain(problem, guard) end
  if not isSame then return 0 end
end
local writes, frees, problems = {}, {}, {}
for _, write in ipairs(input.writes) do
  redis.call('SELECT', write.db)
  local length = write.delete or redis.pcall('HLEN', write.key)
  if type(length) == 'table' then
    local problem = explain(length, write)
    if not (write.isDispensable and isWrongType(length)) then return problem end
    problems[#problems + 1] = problem.err
  else
    if not write.onlyIf or holds(write.key, write.onlyIf) then writes[#writes + 1] = write end
    if write.removeIfFull then frees[#frees + 1] = write end
  end
end
local isFull = false
local function setValues(write)
  local reply = redis.pcall('HSET', write.key, unpack(write.set))
  if isRefused(reply) and #frees > 0 and not isFull then
    isFull = true
    for _, free in ipairs(frees) do
      redis.call('SELECT', free.db)
      redis.call('HDEL', free.key, unpack(free.removeIfFull))
    end
    redis.call('SELECT', write.db)
    reply = redis.pcall('HSET', write.key, unpack(write.set))
  end
  if type(reply) == 'table' and reply.err and not (isFull and isRefused(reply)) then error(reply.err, 0) end
end
for _, write in ipairs(writes) do
  redis.call('SELECT', write.db)
  if write.delete then
    redis.call('DEL', write.key)
  else
    setValues(write)
    if #write.remove > 0 then redis.call('HDEL', write.key, unpack(write.remove)) end
    if write.ttlMs then redis.call('PEXPIRE', write.key, write.ttlMs) end
  end
end
if #problems > 0 then return problems end
return 1
`;
