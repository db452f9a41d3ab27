-- Takes a broker out of those that found queues empty.
-- Atomic. Idempotent.
--
-- KEYS -> brokers that found a queue empty (set)
-- ARGV[1] -> id of the broker
--
-- Returns 1.
-- Cost: O(1) a queue.

for _, key in ipairs(KEYS) do redis.call('SREM', key, ARGV[1]) end
return 1
