-- Wakes as many as `count` of the brokers that found a queue empty and were not woken since. The message
-- names them; others of ours look later, unless they hear that it was done. Python's look at every message.
-- `looker` is one that looks without being told, as one of them, if there is any.
-- Before what they are woken for: to be woken in vain harms nobody, and nobody hears it before the script has ended.
local function wake(idle, queue, count, looker)
  if looker then
    if call('SREM', idle, looker) == 1 then undos[#undos + 1] = { 'SADD', idle, looker } end
    count = count - 1
  end
  local ids
  local left = count
  while left > 0 do
    local popped = call('SPOP', idle, left)
    if #popped == 0 then break end
    undos[#undos + 1] = { 'SADD', idle, unpack(popped) }
    ids = ids or {}
    for _, id in ipairs(popped) do
      if call('ZSCORE', brokers, id) then ids[#ids + 1] = id end
    end
    left = #popped < left and 0 or count - #ids
  end
  local message = queue .. '\n' .. (ids and table.concat(ids, ',') or '')
  call('PUBLISH', channel, looker and message .. '\n' .. looker or message)
end
