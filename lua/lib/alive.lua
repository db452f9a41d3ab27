-- The server's time (s). Asked once: it stands still within a script.
local known_now
local function now_s()
  if not known_now then
    local time = redis.call('TIME')
    known_now = tonumber(time[1]) + tonumber(time[2]) / 1e6
  end
  return known_now
end

-- Whoever takes jobs must be seen to live: it may have counted as idle until now. `score` is when it was last seen.
local function show_alive(score)
  if score > now_s() or score < now_s() - 1 then
    redis.call('ZADD', brokers, string.format('%.6f', now_s()), broker_id)
  end
end
