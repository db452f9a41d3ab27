-- Commands that outlive what other programs left under our keys. What cannot be used is set aside whole in
-- the quarantine, a list of texts: a line of JSON that says where it was and why, and what was found.
local notes = {}
local call

local function set_aside(where, reason, text)
  local note = cjson.encode({ where = where, reason = reason })
  call('RPUSH', quarantine, note .. '\n' .. text)
  return note
end

-- The same, and the caller is told, to log it.
local function quarantine_text(where, reason, text)
  -- Which may have a note of its own, and that comes first.
  local note = set_aside(where, reason, text)
  notes[#notes + 1] = note
end

-- A key of another type than ours is set aside, as DUMP gives it, and the command starts from nothing.
function call(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  local failure = type(reply) == 'table' and reply.err
  if not failure then return reply end
  if string.find(failure, 'WRONGTYPE', 1, true) then
    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'
    local text = redis.call('DUMP', key)
    -- First: it may be the quarantine itself.
    redis.call('DEL', key)
    quarantine_text(key, reason, text)
  end
  return redis.call(command, key, ...)
end

-- A full Redis refuses commands that may need memory, unless the script has written before: this is one
-- that changes nothing. For what keeps jobs going, and does not grow with them.
local function write_first(zset) call('ZREM', zset, '') end

-- What a script answers: its reply, after what was set aside, if anything was.
local function answer(reply)
  if #notes == 0 then return reply end
  return { 'quarantined', notes, reply }
end
