-- Whether a queue has neither ready jobs nor jobs parked behind a limit.
-- Atomic. Only reads.
--
-- KEYS[1] -> queue (list)
-- KEYS[2] -> numbers of parked jobs (hash): task NUL queue -> count
-- ARGV[1] -> name of the queue
--
-- Returns 1 if it is empty, 0 if not.
-- Cost: O(limited tasks with parked jobs)

local EMPTY, NOT_EMPTY = 1, 0
if redis.call('LLEN', KEYS[1]) > 0 then return NOT_EMPTY end
for _, name in ipairs(redis.call('HKEYS', KEYS[2])) do
  if string.match(name, '%z(.*)$') == ARGV[1] then return NOT_EMPTY end
end
return EMPTY
