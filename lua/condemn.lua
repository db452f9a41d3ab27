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
-- Returns { soonest, id, ... }: the ids of those that are condemned, and the time until the next of the others may
-- be, if it stays silent (ms, a string), '' if there is none. A broker is condemned if it was not seen for its lease,
-- all of which the caller has been connected: an outage of Redis is nobody's death. None is, if the caller is not of
-- the cluster.
-- Cost: O(log n) a suspect.

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6

-- include call

local function seen(id) return tonumber(call('ZSCORE', brokers, id)) end

local function lease_ms_of(id)
  local ok, info = pcall(cjson.decode, call('HGET', infos, id) or '{}')
  return ok and type(info) == 'table' and tonumber(info.lease_ms) or default_lease_ms
end

local reply, soonest = { '' }, math.huge
if (seen(broker_id) or 0) <= 0 then return answer(reply) end
for index = FIRST_SUSPECTS, #ARGV do
  local id = ARGV[index]
  local last = seen(id)
  if last and not certain and last > 0 then
    local lease_ms = lease_ms_of(id)
    local left_ms = lease_ms - math.min((now - last) * 1000, connected_ms)
    if left_ms >= 0 then
      soonest = math.min(soonest, left_ms)
      last = nil
    end
  end
  if last then
    write_first(brokers)
    call('ZADD', brokers, 'XX', 0, id)
    reply[#reply + 1] = id
  end
end
if soonest < math.huge then reply[1] = string.format('%.3f', soonest) end
return answer(reply)
