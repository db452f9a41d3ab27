-- The jobs that a broker holds.
-- Atomic. Only reads.
--
-- KEYS[1] -> running jobs of the broker (hash)
--
-- Returns { job, ... } in no order.
-- Cost: O(jobs), as many as its workers have slots.

return redis.call('HVALS', KEYS[1])
