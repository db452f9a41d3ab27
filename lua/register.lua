-- States the periods and limits of tasks, and forgets those of ours that nobody states any more.
-- Atomic. Idempotent. Tasks that are not named stay as they are, whoever stated them.
--
-- KEYS[1] -> periodic tasks (hash): name -> JSON
-- KEYS[2] -> periodic tasks by next run (zset)
-- KEYS[3] -> limits of tasks (hash)
-- KEYS[4] -> running now, of limited tasks (hash)
-- KEYS[5] -> tasks of ours by when they were last stated (zset)
-- KEYS[6] -> parked jobs (zset): task NUL queue NUL number NUL job
-- KEYS[7] -> numbers of parked jobs (hash): task NUL queue -> count
-- KEYS[8..] -> running jobs of all brokers (hash)
-- ARGV[1] -> notifications channel
-- ARGV[2] -> time after which a task that nobody states is forgotten (s)
-- ARGV[3..] -> tasks as JSON: name, queue, max_retries, periodicity (s, -1 for none),
--              max_concurrency (-1 for none)
--
-- Returns 1.
-- Cost: O(1) a task; O(running jobs of the cluster) for a limit that is new.

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local periodic_hash, periodic_queue, limits, counts, stated = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

-- include job

local function count_running(task)
  local count = 0
  for key = 8, #KEYS do
    for _, job in ipairs(redis.call('HVALS', KEYS[key])) do
      if task_of(job) == task then count = count + 1 end
    end
  end
  return count
end

local function forget_period(name)
  redis.call('HDEL', periodic_hash, name)
  redis.call('ZREM', periodic_queue, name)
end

local function forget_limit(name)
  redis.call('HDEL', limits, name)
  redis.call('HDEL', counts, name)
end

for index = 3, #ARGV do
  local task = cjson.decode(ARGV[index])
  local name = task.name
  if task.periodicity > 0 then
    local known = redis.call('HGET', periodic_hash, name)
    local readable, old = pcall(cjson.decode, known or 'null')
    local same = readable and type(old) == 'table' and old.periodicity == task.periodicity
    if not same or not redis.call('ZSCORE', periodic_queue, name) then
      redis.call('ZADD', periodic_queue, string.format('%.6f', now + task.periodicity), name)
    end
    redis.call('HSET', periodic_hash, name, ARGV[index])
  else
    forget_period(name)
  end
  if task.max_concurrency >= 0 then
    local is_known = redis.call('HEXISTS', limits, name) == 1 and redis.call('HEXISTS', counts, name) == 1
    if not is_known then redis.call('HSET', counts, name, count_running(name)) end
    redis.call('HSET', limits, name, task.max_concurrency)
  else
    forget_limit(name)
  end
  redis.call('ZADD', stated, string.format('%.6f', now), name)
end

local old = redis.call('ZRANGEBYSCORE', stated, '-inf', string.format('%.6f', now - ARGV[2]), 'LIMIT', 0, 100)
for _, name in ipairs(old) do
  forget_period(name)
  forget_limit(name)
  redis.call('ZREM', stated, name)
end

for _, name in ipairs(redis.call('HKEYS', KEYS[7])) do
  local queue = string.match(name, '^.*%z(.*)$')
  if queue then redis.call('PUBLISH', ARGV[1], queue) end
end
return 1
