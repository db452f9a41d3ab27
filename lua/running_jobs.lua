-- The jobs that a broker holds.
-- Atomic. Only reads.
--
-- KEYS[1] running (hash): running jobs of the broker
-- KEYS[2] quarantine (list): what cannot be used
--
-- Returns { id, job, ... } in no order.
-- Cost: O(jobs), as many as its workers have slots.

-- include call

return answer(call('HGETALL', running))
