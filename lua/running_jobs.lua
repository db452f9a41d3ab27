-- The jobs that a broker holds.
-- Atomic. Only reads.
--
-- KEYS[1] -> running jobs of the broker (hash)
--
-- Returns { id, job, ... } in no order.
-- Cost: O(jobs), as many as its workers have slots.

return redis.call('HGETALL', KEYS[1])
