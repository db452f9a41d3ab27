-- Takes a broker out of those that found queues empty.
-- Atomic. Idempotent.
--
-- KEYS[1..] idle (set): for each queue, the brokers that found it empty
-- ARGV[1] broker_id (text): who leaves
--
-- Returns 1.
-- Cost: O(1) a queue.

for _, key in ipairs(KEYS) do redis.call('SREM', key, broker_id) end
return 1
