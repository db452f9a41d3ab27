-- The ids of all brokers.
-- Atomic. Only reads.
--
-- KEYS[1] -> all brokers by last seen (zset)
--
-- Returns { id, ... }
-- Cost: O(brokers)

return redis.call('ZRANGE', KEYS[1], 0, -1)
