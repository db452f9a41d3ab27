-- Wakes everybody who works on a queue.
-- Atomic. Idempotent.
--
-- ARGV[1] -> notifications channel
-- ARGV[2] -> name of the queue
--
-- Returns how many heard it.
-- Cost: O(subscribers)

return redis.call('PUBLISH', ARGV[1], ARGV[2])
