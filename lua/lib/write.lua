-- Writes that can be undone, whatever right is missing: what would undo one is run before it, while it changes nothing.
-- For all but what each job costs.

-- What undoes a write; nil if it will change nothing.
local function inverse_of(command, key, first, second)
  local is_hash = command == 'HSET' or command == 'HDEL'
  if command == 'RPUSH' then return { 'LTRIM', key, 0, -1 } end
  if command == 'SREM' then return call('SISMEMBER', key, first) == 1 and { 'SADD', key, first } or nil end
  local member = command == 'ZADD' and second or first
  local old = call(is_hash and 'HGET' or 'ZSCORE', key, member)
  if old and is_hash then return { 'HSET', key, member, old } end
  if old then return { 'ZADD', key, old, member } end
  if command == 'HSET' then return { 'HDEL', key, member } end
  return command == 'ZADD' and { 'ZREM', key, member } or nil
end

local function write(command, key, ...)
  local inverse = inverse_of(command, key, ...)
  if inverse then call(unpack(inverse)) end
  if command == 'RPUSH' then inverse[4] = -1 - select('#', ...) end
  local reply = call(command, key, ...)
  undos[#undos + 1] = inverse
  return reply
end
