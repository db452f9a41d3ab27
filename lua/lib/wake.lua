-- Wakes as many as `count` of the brokers that found a queue empty and were not woken since. The message
-- names them; others of ours look later, unless they hear that it was done. Python's look at every message.
local function wake(idle, queue, count)
  local ids = {}
  while #ids < count do
    local popped = call('SPOP', idle, count - #ids)
    if #popped == 0 then break end
    for _, id in ipairs(popped) do
      if call('ZSCORE', brokers, id) then ids[#ids + 1] = id end
    end
  end
  redis.call('PUBLISH', channel, queue .. '\n' .. table.concat(ids, ','))
end
