-- Takes a broker that holds no job out of the cluster.
-- Atomic. Idempotent.
--
-- KEYS[1] infos (hash): broker id -> info as JSON
-- KEYS[2] brokers (zset): all brokers by last seen (s)
-- KEYS[3] running (hash): running jobs of the broker
-- ARGV[1] broker_id (text): who leaves
--
-- Codes: OUT 1, HOLDS_JOBS 0
-- Returns OUT, or HOLDS_JOBS: then it stays, to be found dead.
-- Cost: O(log n)

if redis.call('EXISTS', running) == 1 then return HOLDS_JOBS end
redis.call('HDEL', infos, broker_id)
redis.call('ZREM', brokers, broker_id)
return OUT
