-- The ids of the jobs that a broker holds.
-- Atomic. Only reads.
--
-- KEYS[1] running (hash): running jobs of the broker
-- KEYS[2] quarantine (list): what cannot be used
--
-- Returns { id, ... } in no order.
-- Cost: O(jobs), as many as its workers have slots.

-- include call

return whole(function() return call('HKEYS', running) end)
