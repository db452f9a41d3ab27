-- Whether a queue has neither ready jobs nor jobs parked behind a limit.
-- Atomic. Only reads.
--
-- KEYS[1] jobs (list): the queue
-- KEYS[2] parked_counts (hash): task NUL queue -> number of parked jobs
-- KEYS[3] quarantine (list): what cannot be used
-- ARGV[1] queue (text): its name
--
-- Codes: EMPTY 1, NOT_EMPTY 0
-- Returns EMPTY or NOT_EMPTY.
-- Cost: O(limited tasks with parked jobs)

-- include call

return whole(function()
  if call('LLEN', jobs) > 0 then return NOT_EMPTY end
  for _, name in ipairs(call('HKEYS', parked_counts)) do
    if string.match(name, '%z(.*)$') == queue then return NOT_EMPTY end
  end
  return EMPTY
end)
