-- Wakes as many as `count` of the brokers that found a queue empty and were not woken since. The message
-- names them; Python's brokers hear every message, ours only those that name them, or nobody.
local function wake(channel, brokers, idle, queue, count)
  local ids = {}
  while #ids < count do
    local popped = redis.call('SPOP', idle, count - #ids)
    if #popped == 0 then break end
    for _, id in ipairs(popped) do
      if redis.call('ZSCORE', brokers, id) then ids[#ids + 1] = id end
    end
  end
  redis.call('PUBLISH', channel, queue .. '\n' .. table.concat(ids, ','))
end
