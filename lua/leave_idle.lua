-- Takes a broker out of those that found queues empty.
-- Atomic. Idempotent.
--
-- KEYS[1] quarantine (list): what cannot be used
-- KEYS[2..] idle (set): for each queue, the brokers that found it empty
-- ARGV[1] broker_id (text): who leaves
--
-- Returns 1.
-- Cost: O(1) a queue.

-- include call

return whole(function()
  for index = FIRST_IDLE, #KEYS do call('SREM', KEYS[index], broker_id) end
  return 1
end)
