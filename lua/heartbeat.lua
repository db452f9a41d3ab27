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

-- include call
-- include write
-- include write_first
-- include clock

-- No broker says of itself that it was seen further ahead (s): those that hold no job lie two minutes ahead.
local MOST_AHEAD_S = 600

-- One that is far ahead, since another program wrote that, or the clock was set back, would never be missed. It counts
-- as seen for as long as one without jobs does, which says that it is alive once in that time.
local function bring_back_from_future()
  local after = '(' .. string.format('%.6f', now_s() + MOST_AHEAD_S)
  for _, id in ipairs(call('ZRANGEBYSCORE', brokers, after, '+inf', 'LIMIT', 0, 100)) do
    write('ZADD', brokers, string.format('%.6f', now_s() + idle_s), id)
  end
end

return whole(function()
  local seen_before = tonumber(call('ZSCORE', brokers, broker_id)) or 0
  if not joins and seen_before <= 0 then return { LOST } end
  write_first(brokers)
  if joins then write('HSET', infos, broker_id, (string.gsub(info, 'LAST_SEEN', (select(2, now_s()))))) end
  bring_back_from_future()
  local holds_jobs = call('EXISTS', running) == 1
  local seen = holds_jobs and now_s() or now_s() + idle_s
  call('ZADD', brokers, string.format('%.6f', seen), broker_id)
  return { holds_jobs and HOLDS_JOBS or IDLE, string.format('%.6f', now_s()) }
end)
