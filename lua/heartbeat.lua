-- Says that a broker is alive.
-- Atomic. Idempotent.
--
-- KEYS[1] infos (hash): broker id -> info as JSON
-- KEYS[2] brokers (zset): all brokers by last seen (s); 0 for one that was condemned
-- KEYS[3] running (hash): running jobs of the broker
-- KEYS[4] quarantine (list): what cannot be used
-- ARGV[1] broker_id (text): the caller
-- ARGV[2] info (text): its info as JSON, but for last_seen_at, whose value is the text LAST_SEEN
-- ARGV[3] joins (flag): to join the cluster, rather than to stay in it
-- ARGV[4] idle_s (number): how long one that holds no job counts as seen, from now (s)
--
-- Codes: LOST -1, HOLDS_JOBS 1, IDLE 0
-- Returns { LOST } if it is not of the cluster any more: others have its jobs.
-- Otherwise { HOLDS_JOBS or IDLE, now (s, a string) }.
-- Cost: O(log n)

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6

-- include call

local seen_before = tonumber(call('ZSCORE', brokers, broker_id)) or 0
if not joins and seen_before <= 0 then return answer({ LOST }) end

write_first(brokers)
if joins then
  local text = string.gsub(info, 'LAST_SEEN', time[1])
  call('HSET', infos, broker_id, text)
end

local holds_jobs = call('EXISTS', running) == 1
local seen = holds_jobs and now or now + idle_s
call('ZADD', brokers, string.format('%.6f', seen), broker_id)
return answer({ holds_jobs and HOLDS_JOBS or IDLE, string.format('%.6f', now) })
