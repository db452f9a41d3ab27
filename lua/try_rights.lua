-- Tries which commands this user of Redis may run on the keys and the channel of a namespace, in forms that change nothing.
-- Atomic. Idempotent.
--
-- KEYS[1] probe (key): of the namespace; nothing is tried where another program keeps something there
-- ARGV[1] channel (text): for notifications; nobody listens for what is published
-- ARGV[2..] commands: names of commands
--
-- Returns those of them that are refused for want of a right. Whatever else keeps one from running says nothing of rights.
-- Cost: O(1) a command.

-- Of ZADD: to change only a member that is there.
local ONLY_THERE = 'XX'
-- Arguments with which a command changes nothing, or is refused for another reason than its rights.
local HARMLESS = {
  HDEL = { 'field' }, HEXISTS = { 'field' }, HGET = { 'field' }, HMGET = { 'field' }, LINDEX = { 0 },
  HSET = { 'field', 'value', 'field without a value' },
  LTRIM = { 0, -1 }, RESTORE = { 0, 'no dump' }, SET = { 'value', 'XX' }, SISMEMBER = { 'member' }, SREM = { 'member' },
  ZADD = { ONLY_THERE, 0, 'member' }, ZLEXCOUNT = { '-', '+' }, ZRANGE = { 0, 0 }, ZRANGEBYLEX = { '-', '+' },
  ZRANGEBYSCORE = { 0, 0 }, ZREM = { 'member' }, ZREVRANGEBYSCORE = { 0, 0 }, ZSCORE = { 'member' },
}
-- These have no such arguments: only where what they add can be taken away at once.
local ADDING = { LPUSH = true, RPUSH = true, SADD = true }

local function is_refused(command, ...)
  local reply = redis.pcall(command, ...)
  local failure = type(reply) == 'table' and reply.err
  if not failure then return false end
  for _, words in ipairs({ 'user executing the script', 'ACL failure', 'NOPERM' }) do
    if string.find(failure, words, 1, true) then return true end
  end
  return false
end

if redis.pcall('EXISTS', probe) ~= 0 then return {} end

local can_delete = not is_refused('DEL', probe)

local function is_missing(command)
  if command == 'TIME' then return is_refused('TIME') end
  if command == 'PUBLISH' then return is_refused('PUBLISH', channel, '_rights\nclear') end
  if not ADDING[command] then return is_refused(command, probe, unpack(HARMLESS[command] or {})) end
  if not can_delete then return false end
  local is = is_refused(command, probe, 'member')
  redis.pcall('DEL', probe)
  return is
end

local missing = {}
for index = FIRST_COMMANDS, #ARGV do
  if is_missing(ARGV[index]) then missing[#missing + 1] = ARGV[index] end
end
return missing
