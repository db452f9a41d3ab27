-- Condemns brokers that were silent for their lease: from here on they settle nothing, and others settle
-- what they held.
-- Atomic. Idempotent.
--
-- KEYS[1] infos (hash): broker id -> info as JSON
-- KEYS[2] brokers (zset): all brokers by last seen (s); 0 for one that was condemned
-- KEYS[3] quarantine (list): what cannot be used
-- ARGV[1] broker_id (text): the caller
-- ARGV[2] connected_ms (number): how long the caller has been connected without a failure (ms)
-- ARGV[3] default_lease_ms (number): lease of a broker that states none (ms)
-- ARGV[4] certain (flag): to condemn them whenever they were seen
-- ARGV[5..] suspects: ids of brokers
--
-- Returns the ids of those that are condemned. A broker is, if it was not seen for its lease, all of which the
-- caller has been connected: an outage of Redis is nobody's death. None is, if the caller is not of the cluster.
-- Cost: O(log n) a suspect.

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6

-- include call

local function seen(id) return tonumber(call('ZSCORE', brokers, id)) end

local function lease_ms_of(id)
  local ok, info = pcall(cjson.decode, call('HGET', infos, id) or '{}')
  return ok and type(info) == 'table' and tonumber(info.lease_ms) or default_lease_ms
end

local condemned = {}
if (seen(broker_id) or 0) <= 0 then return answer(condemned) end
for index = FIRST_SUSPECTS, #ARGV do
  local id = ARGV[index]
  local last = seen(id)
  if last and not certain and last > 0 then
    local lease_ms = lease_ms_of(id)
    if (now - last) * 1000 <= lease_ms or connected_ms <= lease_ms then last = nil end
  end
  if last then
    write_first(brokers)
    call('ZADD', brokers, 'XX', 0, id)
    condemned[#condemned + 1] = id
  end
end
return answer(condemned)
