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

-- include call
-- include write
-- include write_first
-- include number
-- include clock

-- No lease is longer (ms): the longest time of a timer.
local LONGEST_LEASE_MS = 2147483647

local function seen(id) return tonumber(call('ZSCORE', brokers, id)) end

-- The lease in an info; nil if that is none.
local function lease_in(text)
  local ok, info = pcall(cjson.decode, text)
  if not ok or type(info) ~= 'table' then return nil end
  local lease_ms = info.lease_ms or default_lease_ms
  return type(lease_ms) == 'number' and lease_ms >= 1 and lease_ms <= LONGEST_LEASE_MS and lease_ms or nil
end

local function lease_ms_of(id)
  local text = call('HGET', infos, id)
  local lease_ms = text and lease_in(text)
  if text and not lease_ms then
    write('HDEL', infos, id)
    rarely().set_aside(infos, 'not the info of a broker: it must be JSON with a lease', text)
  end
  return lease_ms or default_lease_ms
end

-- How long it may still be silent (ms); less than 0 if it was for too long.
local function left_ms(id, last)
  if certain or last <= 0 then return -1 end
  return lease_ms_of(id) - math.min((now_s() - last) * 1000, connected_ms)
end

return whole(function()
  local reply, soonest = { '' }, math.huge
  if (seen(broker_id) or 0) <= 0 then return reply end
  write_first(brokers)
  for index = FIRST_SUSPECTS, #ARGV do
    local id = ARGV[index]
    local last = seen(id)
    local left = last and left_ms(id, last)
    if left and left >= 0 then
      soonest = math.min(soonest, left)
    elseif left then
      write('ZADD', brokers, 0, id)
      reply[#reply + 1] = id
    end
  end
  if soonest < math.huge then reply[1] = string.format('%.3f', soonest) end
  return reply
end)
