-- Wakes as many as `count` of the brokers that found a queue empty and were not woken since. The message
-- names them; others of ours look later, unless they hear that it was done. Python's look at every message.
-- `looker` is one that looks without being told, as one of them; nil if there is none.
-- Before what they are woken for: to be woken in vain harms nobody, and nobody hears it before the script has ended.
local function wake(idle, queue, count, looker)
  local ids = {}
  if looker then
    if call('SREM', idle, looker) == 1 then on_undo(function() redis.pcall('SADD', idle, looker) end) end
    count = count - 1
  end
  while #ids < count do
    local popped = call('SPOP', idle, count - #ids)
    if #popped == 0 then break end
    on_undo(function() redis.pcall('SADD', idle, unpack(popped)) end)
    for _, id in ipairs(popped) do
      if call('ZSCORE', brokers, id) then ids[#ids + 1] = id end
    end
  end
  local message = queue .. '\n' .. table.concat(ids, ',')
  call('PUBLISH', channel, looker and message .. '\n' .. looker or message)
end
