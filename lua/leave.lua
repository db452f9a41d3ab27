-- Takes a broker that holds no job out of the cluster.
-- Atomic. Idempotent.
--
-- KEYS[1] -> all brokers (hash)
-- KEYS[2] -> all brokers by last seen (zset)
-- KEYS[3] -> running jobs of the broker (hash)
-- ARGV[1] -> id of the broker
--
-- Returns 1 if it is out, 0 if it still holds jobs: then it stays, to be found dead.
-- Cost: O(log n)

local OUT, HOLDS_JOBS = 1, 0
if redis.call('EXISTS', KEYS[3]) == 1 then return HOLDS_JOBS end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return OUT
