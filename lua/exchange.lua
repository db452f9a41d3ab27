-- Settles jobs that ended, then takes jobs from queues.
-- Atomic. Idempotent in what it settles: only a job that the broker holds is.
--
-- KEYS[1] -> running jobs of the broker (hash)
-- KEYS[2] -> all brokers by last seen (zset)
-- KEYS[3] -> future jobs (zset)
-- KEYS[4] -> periodic tasks by next run (zset)
-- KEYS[5] -> limits of tasks (hash)
-- KEYS[6] -> running now, of limited tasks (hash)
-- KEYS[7] -> parked jobs (zset, all scores 0): task NUL queue NUL number NUL job
-- KEYS[8] -> numbers of parked jobs (hash): task NUL queue -> count; '+' and '-' -> last numbers used
-- KEYS[9] -> texts that are no jobs (list)
-- KEYS[10..] -> for each queue, those to take from first: the queue (list), then the brokers that
--               found it empty and were not woken since (set)
-- ARGV[1] -> id of the broker
-- ARGV[2] -> notifications channel
-- ARGV[3] -> most jobs to take
-- ARGV[4] -> number of queues to take from
-- ARGV[5] -> the caller's clock (epoch ms)
-- ARGV[6] -> 1 if the broker may be among those that found a queue to take from empty
-- ARGV[7..] -> for each queue of KEYS: its name
-- then: number of jobs that are done, their ids
-- then: number of jobs to run again, for each: id, due time by the caller's clock (epoch ms),
--       index of its queue among those of KEYS from 1, job
-- then: number of jobs to put back, oldest first, for each: id, index of its queue, job
--
-- Returns { -1 } if the broker is not one of the cluster any more: nothing was done.
-- Otherwise { more, due, job, ... }: more is 1 if the queues may hold more jobs than were taken;
-- due is the time until something is due (ms, a string), '' if nothing is.
-- Cost: one HDEL, one LPOP and one HSET a queue where no task is limited, whatever the number of
-- jobs; O(log n) a job of a limited task.

local LOST, MORE, NO_MORE = -1, 1, 0
-- Most jobs looked at in one call, and most arguments of one command.
local BOUND, CHUNK = 1000, 4000
-- Numbers of parked jobs start here, so that those put back at the head can go below.
local PARK_BASE = 5e15

local running, brokers, future, periodic = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local limits_key, counts_key, parked, parked_counts, malformed =
  KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local FIRST_QUEUE = 10
local channel, max, taking = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

if not redis.call('ZSCORE', brokers, ARGV[1]) then return { LOST } end

local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000

-- include wake
-- include job

local at = 7
local queue_names = {}
for index = 1, (#KEYS - FIRST_QUEUE + 1) / 2 do
  queue_names[index] = ARGV[at]
  at = at + 1
end

local function queue_key(index) return KEYS[FIRST_QUEUE + (index - 1) * 2] end
local function idle_key(index) return KEYS[FIRST_QUEUE + (index - 1) * 2 + 1] end

-- One idle broker; but all, if the jobs are those of a dead one, which may be among the idle.
local is_rescue = string.sub(running, -#ARGV[1]) ~= ARGV[1]
local function wake_one(index)
  if is_rescue then
    redis.call('PUBLISH', channel, queue_names[index])
  else
    wake(channel, brokers, idle_key(index), queue_names[index], 1)
  end
end

local function pairs_to_table(list)
  local result = {}
  for index = 1, #list, 2 do result[list[index]] = tonumber(list[index + 1]) end
  return result
end

-- Limits, and places taken, of all limited tasks; nil if there is none, and none was that left jobs.
local limits, counts
if redis.call('EXISTS', limits_key, parked) > 0 then
  limits = pairs_to_table(redis.call('HGETALL', limits_key))
  counts = pairs_to_table(redis.call('HGETALL', counts_key))
end
local changed = {}

local function limit_of(task)
  local limit = limits and limits[task]
  if limit and limit >= 0 then return limit end
end

local function add_place(task, by)
  counts[task] = (counts[task] or 0) + by
  changed[task] = true
end

local function field(task, queue) return task .. '\0' .. queue end

-- Wakes the queues where jobs of a task are parked that has a free place now.
local function wake_parked(task)
  for _, name in ipairs(redis.call('HKEYS', parked_counts)) do
    if string.sub(name, 1, #task + 1) == task .. '\0' then
      redis.call('PUBLISH', channel, string.sub(name, #task + 2))
    end
  end
end

local freed = {}
local function free_place(job)
  local task = limits and task_of(job)
  if task and limit_of(task) then
    add_place(task, -1)
    freed[task] = true
  end
end

local function park(task, queue, job, direction)
  local number = redis.call('HINCRBY', parked_counts, direction, direction == '-' and -1 or 1)
  local place = string.format('%016.0f', PARK_BASE + number)
  redis.call('ZADD', parked, 0, field(task, queue) .. '\0' .. place .. '\0' .. job)
  redis.call('HINCRBY', parked_counts, field(task, queue), 1)
end

-- Done: one HDEL, whatever the number.
local done = tonumber(ARGV[at])
at = at + 1
for first = at, at + done - 1, CHUNK do
  local last = math.min(first + CHUNK, at + done) - 1
  if limits then
    for _, job in ipairs(redis.call('HMGET', running, unpack(ARGV, first, last))) do
      if job then free_place(job) end
    end
  end
  redis.call('HDEL', running, unpack(ARGV, first, last))
end
at = at + done

-- To run again.
local retried = tonumber(ARGV[at])
at = at + 1
for _ = 1, retried do
  local id, index, job = ARGV[at], tonumber(ARGV[at + 2]), ARGV[at + 3]
  -- The caller's clock and ours need not agree: what counts is how long from now.
  local wait_ms = tonumber(ARGV[at + 1]) - tonumber(ARGV[5])
  at = at + 4
  if redis.call('HDEL', running, id) == 1 then
    free_place(job)
    if wait_ms <= 0 then
      redis.call('RPUSH', queue_key(index), job)
    else
      redis.call('ZADD', future, string.format('%.6f', (now_ms + wait_ms) / 1000), job)
    end
    wake_one(index)
  end
end

-- To put back at the head: the last one first, so that the oldest ends in front.
local released = tonumber(ARGV[at])
at = at + 1
for number = released, 1, -1 do
  local id, index, job = unpack(ARGV, at + (number - 1) * 3, at + number * 3 - 1)
  index = tonumber(index)
  if redis.call('HDEL', running, id) == 1 then
    free_place(job)
    local task = limits and task_of(job)
    if task and limit_of(task) then
      park(task, queue_names[index], job, '-')
    else
      redis.call('LPUSH', queue_key(index), job)
    end
    wake_one(index)
  end
end

local reply = { NO_MORE, '' }
local held = {}
local looked = 0

local function take(id, job)
  reply[#reply + 1] = job
  held[#held + 1] = id
  held[#held + 1] = job
end

local function room() return max - (#reply - 2) end

-- Parked jobs whose task has a free place: they were at the head of the queue before.
local function take_parked(queue)
  local names = redis.call('HGETALL', parked_counts)
  for index = 1, #names, 2 do
    local task, its_queue = string.match(names[index], '^(.*)%z(.*)$')
    local limit = task and limit_of(task)
    local places = limit and limit - (counts[task] or 0) or math.huge
    local free = math.min(places, room(), BOUND - looked)
    if its_queue == queue and free > 0 then
      local prefix = names[index] .. '\0'
      local members =
        redis.call('ZRANGEBYLEX', parked, '[' .. prefix, '(' .. names[index] .. '\1', 'LIMIT', 0, free)
      for _, member in ipairs(members) do
        local job = string.sub(member, #prefix + 18)
        redis.call('ZREM', parked, member)
        if limit then add_place(task, 1) end
        looked = looked + 1
        take(id_of(job), job)
      end
      if redis.call('HINCRBY', parked_counts, names[index], -#members) <= 0 then
        redis.call('HDEL', parked_counts, names[index])
      end
    end
  end
end

-- Returns whether the queue may hold more.
local function take_ready(key, queue)
  while room() > 0 and looked < BOUND do
    local wanted = math.min(room(), BOUND - looked)
    local jobs = redis.call('LPOP', key, wanted)
    if not jobs then return false end
    looked = looked + #jobs
    for _, job in ipairs(jobs) do
      -- Where limits are, all that is needed is read before the job is given to anybody.
      local id = limits and (parse(job)) or not limits and id_of(job)
      local task = id and limits and task_of(job)
      local limit = task and limit_of(task)
      if not id then
        redis.call('RPUSH', malformed, job)
      elseif limit and (counts[task] or 0) >= limit then
        park(task, queue, job, '+')
      else
        if limit then add_place(task, 1) end
        take(id, job)
      end
    end
    if #jobs < wanted then return false end
  end
  return true
end

if max > 0 then
  for index = 1, taking do
    if limits then take_parked(queue_names[index]) end
    if take_ready(queue_key(index), queue_names[index]) then
      reply[1] = MORE
      if ARGV[6] == '1' then redis.call('SREM', idle_key(index), ARGV[1]) end
    else
      redis.call('SADD', idle_key(index), ARGV[1])
    end
  end
  for first = 1, #held, CHUNK do
    redis.call('HSET', running, unpack(held, first, math.min(first + CHUNK - 1, #held)))
  end
end

for task in pairs(changed) do redis.call('HSET', counts_key, task, math.max(0, counts[task])) end
for task in pairs(freed) do wake_parked(task) end

local function first_score(key)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return first[2] and tonumber(first[2]) or math.huge
end
local next_due = math.min(first_score(future), first_score(periodic))
if next_due < math.huge then
  reply[2] = string.format('%.3f', math.max(0, next_due * 1000 - now_ms))
end
return reply
