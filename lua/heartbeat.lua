-- Says that a broker is alive, and finds those that are not.
-- Atomic. Idempotent.
--
-- KEYS[1] -> all brokers (hash): id -> info as JSON
-- KEYS[2] -> all brokers by last seen (zset)
-- ARGV[1] -> id of the broker
-- ARGV[2] -> its info as JSON, but for last_seen_at, whose value is the text LAST_SEEN
-- ARGV[3] -> 1 to join the cluster, 0 to stay in it
-- ARGV[4] -> since when its heartbeats have not failed (s), '' if this is the first
-- ARGV[5] -> lease of a broker that states none, as Python's (ms)
-- ARGV[6] -> lease of the broker (ms)
--
-- Returns { -1 } if it is not of the cluster any more: others have its jobs.
-- Otherwise { now (s, a string), id of a dead broker, ... }. A broker is dead if it was not seen for its
-- lease, all of which the caller has been connected: an outage of Redis is nobody's death. A caller that
-- was silent itself (a process or machine that was suspended) is answered { now, 'late' }: what it knows
-- of the others is old, and it counts as connected from now on.
-- Cost: O(log n), and O(1) a broker that was not seen for a second, at most 100.

local LOST, LATE = -1, 'late'
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local now_text = string.format('%.6f', now)

local last = redis.call('ZSCORE', KEYS[2], ARGV[1])
if ARGV[3] == '1' then
  local info = string.gsub(ARGV[2], 'LAST_SEEN', time[1])
  redis.call('HSET', KEYS[1], ARGV[1], info)
elseif not last then
  return { LOST }
end
redis.call('ZADD', KEYS[2], now_text, ARGV[1])

local reply = { now_text }
if ARGV[4] == '' then return reply end
if last and (now - tonumber(last)) * 1000 > tonumber(ARGV[6]) * 2 / 3 then return { now_text, LATE } end
local connected_ms = (now - tonumber(ARGV[4])) * 1000
local silent = redis.call(
  'ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.6f', now - 1), 'WITHSCORES', 'LIMIT', 0, 100)
for index = 1, #silent, 2 do
  local info = redis.call('HGET', KEYS[1], silent[index])
  local ok, decoded = pcall(cjson.decode, info or '{}')
  local lease_ms = ok and type(decoded) == 'table' and tonumber(decoded.lease_ms) or tonumber(ARGV[5])
  local silent_ms = (now - tonumber(silent[index + 1])) * 1000
  if silent_ms > lease_ms and connected_ms > lease_ms then reply[#reply + 1] = silent[index] end
end
return reply
