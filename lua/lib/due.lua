-- The time of the first one of a sorted set by time (s); infinite if it is empty.
local function first_score(key)
  local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return first[2] and tonumber(first[2]) or math.huge
end

-- When a future job or a periodic task is due next (s). A periodic task may be planned in either set.
local function next_due()
  return math.min(first_score(future), first_score(periodic), first_score(periodic_exact))
end
