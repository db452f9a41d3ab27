-- Takes a broker that holds no job out of the cluster.
-- Atomic. Idempotent.
--
-- KEYS[1] infos (hash): broker id -> info as JSON
-- KEYS[2] brokers (zset): all brokers by last seen (s)
-- KEYS[3] running (hash): running jobs of the broker
-- KEYS[4] quarantine (list): what cannot be used
-- ARGV[1] broker_id (text): who leaves
--
-- Codes: OUT 1, HOLDS_JOBS 0
-- Returns OUT, or HOLDS_JOBS: then it stays, to be found dead.
-- Cost: O(log n)

-- include call
-- include write

return whole(function()
  if call('EXISTS', running) == 1 then return HOLDS_JOBS end
  write('HDEL', infos, broker_id)
  call('ZREM', brokers, broker_id)
  return OUT
end)
