-- Settles jobs that ended, then takes jobs from queues.
-- Atomic. Idempotent in what it settles: only a job that the broker holds is.
--
-- KEYS[1] running (hash): running jobs of the broker
-- KEYS[2] brokers (zset): all brokers by last seen (s)
-- KEYS[3] future (zset): future jobs by due time (s)
-- KEYS[4] periodic (zset): periodic tasks by the second that their next run is due by
-- KEYS[5] periodic_exact (zset): periodic tasks by next run (s)
-- KEYS[6] limits (hash): most jobs at once, of limited tasks
-- KEYS[7] counts (hash): running now, of limited tasks
-- KEYS[8] parked (zset): parked jobs, all scores 0: task NUL queue NUL number NUL job
-- KEYS[9] parked_counts (hash): task NUL queue -> number of parked jobs; '+' and '-' -> last numbers used
-- KEYS[10] own_limits (hash): limits that we have stated, which Python does not delete
-- KEYS[11] quarantine (list): what cannot be used
-- KEYS[12..] queues (list, set): for each queue, those to take from first: its jobs, then the brokers that
--            found it empty and were not woken since
-- ARGV[1] broker_id (text): the caller
-- ARGV[2] channel (text): for notifications
-- ARGV[3] max (number): most jobs to take
-- ARGV[4] taking (number): number of queues to take from
-- ARGV[5] caller_ms (number): the caller's clock (epoch ms)
-- ARGV[6] may_be_idle (flag): whether it may be among those that found a queue to take from empty
-- ARGV[7] clears (flag): whether to tell the others, if it leaves a queue empty, that they need not look
-- ARGV[8..] jobs: for each queue of KEYS: its name
--           then: number of jobs that are done and have ids of 36 bytes, these ids as one text
--           then: number of the other jobs that are done, their ids
--           then: number of jobs that cannot be read, for each: id, reason
--           then: number of jobs to run again, for each: id, due time by the caller's clock (epoch ms),
--                 index of its queue among those of KEYS from 1, job
--           then: number of jobs to put back, oldest first, for each: id, index of its queue, job
--
-- Codes: LOST -1, MORE 1, NO_MORE 0, COUNTED 0, UNCOUNTED 1
-- Returns { LOST } if the broker is not one of the cluster any more: nothing was done.
-- Otherwise { MORE or NO_MORE, due, { job, ... }, COUNTED or UNCOUNTED }: MORE if the queues may hold more jobs
-- than were taken; due is the time until something is due (ms, a string), '' if nothing is; UNCOUNTED if somebody
-- has deleted the limit or count of a task of ours: its jobs wait until `register` has counted what runs.
-- Cost: one HDEL, one LPOP and one HSET a queue where no task is limited, whatever the number of
-- jobs; O(log n) a job of a limited task.

-- Most jobs looked at in one call, and most arguments of one command.
local BOUND, CHUNK = 1000, 4000
-- Numbers of parked jobs start here, so that those put back at the head can go below.
local PARK_BASE = 5e15

-- include call
-- include wake
-- include job
-- include due
-- include alive

-- Who was condemned has a score of 0 until its jobs are settled.
local score = tonumber(call('ZSCORE', brokers, broker_id)) or 0
if score <= 0 then return answer({ LOST }) end

local at = FIRST_JOBS
local queue_names, index_of = {}, {}
for index = 1, (#KEYS - FIRST_QUEUES + 1) / 2 do
  queue_names[index] = ARGV[at]
  index_of[ARGV[at]] = index
  at = at + 1
end

local function queue_key(index) return KEYS[FIRST_QUEUES + (index - 1) * 2] end
local function idle_key(index) return KEYS[FIRST_QUEUES + (index - 1) * 2 + 1] end

local function pairs_to_table(list)
  local result = {}
  for index = 1, #list, 2 do result[list[index]] = tonumber(list[index + 1]) end
  return result
end

-- What is not used costs one question: limits, and whatever has a time.
local has_extras = redis.call('EXISTS', own_limits, limits, parked, future, periodic, periodic_exact) > 0

-- Limits, and places taken, of all limited tasks; nil if there is none, and none was that left jobs.
local limit_by_task, places
-- Limited tasks of which it is not known how many run: a Python process that starts deletes what it does not know.
local is_uncounted = {}
if has_extras and redis.call('EXISTS', own_limits, limits, parked) > 0 then
  limit_by_task = pairs_to_table(call('HGETALL', limits))
  places = pairs_to_table(call('HGETALL', counts))
  for _, task in ipairs(call('HKEYS', own_limits)) do
    if not limit_by_task[task] or not places[task] then is_uncounted[task] = true end
  end
end
local changed = {}

local function limit_of(task)
  if is_uncounted[task] then return 0 end
  local limit = limit_by_task and limit_by_task[task]
  if limit and limit >= 0 then return limit end
end

local function add_place(task, by)
  places[task] = (places[task] or 0) + by
  changed[task] = true
end

local function field(task, queue) return task .. '\0' .. queue end

local freed = {}
local function free_place(job)
  local task = limit_by_task and task_of(job)
  if task and limit_of(task) and not is_uncounted[task] then
    add_place(task, -1)
    freed[task] = true
  end
end

local function park(task, queue, job, direction)
  local number = call('HINCRBY', parked_counts, direction, direction == '-' and -1 or 1)
  local place = string.format('%016.0f', PARK_BASE + number)
  call('ZADD', parked, 0, field(task, queue) .. '\0' .. place .. '\0' .. job)
  call('HINCRBY', parked_counts, field(task, queue), 1)
end

local function next_number()
  at = at + 1
  return tonumber(ARGV[at - 1])
end

-- Done: one HDEL, whatever the number.
local done = {}
local packed = next_number()
local packed_ids = ARGV[at]
at = at + 1
for index = 1, packed do done[index] = sub(packed_ids, index * 36 - 35, index * 36) end
for _ = 1, next_number() do
  done[#done + 1] = ARGV[at]
  at = at + 1
end
for first = 1, #done, CHUNK do
  local last = math.min(first + CHUNK - 1, #done)
  if limit_by_task then
    for _, job in ipairs(call('HMGET', running, unpack(done, first, last))) do
      if job then free_place(job) end
    end
  end
  call('HDEL', running, unpack(done, first, last))
end

-- Not readable: nobody could run them.
for _ = 1, next_number() do
  local id, reason = ARGV[at], ARGV[at + 1]
  at = at + 2
  local job = call('HGET', running, id)
  if job then
    free_place(job)
    call('HDEL', running, id)
    set_aside(running, reason, job)
  end
end

-- To run again.
for _ = 1, next_number() do
  local id, index, job = ARGV[at], tonumber(ARGV[at + 2]), ARGV[at + 3]
  -- The caller's clock and ours need not agree: what counts is how long from now.
  local wait_ms = tonumber(ARGV[at + 1]) - caller_ms
  at = at + 4
  if call('HDEL', running, id) == 1 then
    free_place(job)
    if wait_ms <= 0 then
      call('RPUSH', queue_key(index), job)
    else
      call('ZADD', future, string.format('%.6f', now_s() + wait_ms / 1000), job)
      has_extras = true
    end
    wake(idle_key(index), queue_names[index], 1)
  end
end

-- To put back at the head: the last one first, so that the oldest ends in front.
local released = next_number()
for number = released, 1, -1 do
  local id, index, job = unpack(ARGV, at + (number - 1) * 3, at + number * 3 - 1)
  index = tonumber(index)
  if call('HDEL', running, id) == 1 then
    free_place(job)
    local task = limit_by_task and task_of(job)
    if task and limit_of(task) then
      park(task, queue_names[index], job, '-')
    else
      call('LPUSH', queue_key(index), job)
    end
    -- Another one: the caller knows of it, and has no use for it now.
    local was_idle = call('SREM', idle_key(index), broker_id) == 1
    wake(idle_key(index), queue_names[index], 1)
    if was_idle then call('SADD', idle_key(index), broker_id) end
  end
end

-- Jobs taken, and the same as fields of the hash. Counted: Lua would search for a table's length.
local jobs_taken, held, taken = {}, {}, 0
local may_hold_more = NO_MORE
local looked = 0

local function take(id, job)
  taken = taken + 1
  jobs_taken[taken] = job
  held[taken * 2 - 1] = id
  held[taken * 2] = job
end

local function room() return max - taken end

-- Parked jobs whose task has a free place: they were at the head of the queue before.
local function take_parked(queue)
  local names = call('HGETALL', parked_counts)
  for index = 1, #names, 2 do
    local task, its_queue = string.match(names[index], '^(.*)%z(.*)$')
    local limit = task and limit_of(task)
    local its_places = limit and limit - (places[task] or 0) or math.huge
    local free = math.min(its_places, room(), BOUND - looked)
    if its_queue == queue and free > 0 then
      local prefix = names[index] .. '\0'
      local members =
        call('ZRANGEBYLEX', parked, '[' .. prefix, '(' .. names[index] .. '\1', 'LIMIT', 0, free)
      for _, member in ipairs(members) do
        local job = string.sub(member, #prefix + 18)
        call('ZREM', parked, member)
        if limit then add_place(task, 1) end
        looked = looked + 1
        take(id_of(job), job)
      end
      -- The count may be too high: somebody has deleted the set, or its value was set aside.
      if #members < free or call('HINCRBY', parked_counts, names[index], -#members) <= 0 then
        call('HDEL', parked_counts, names[index])
      end
    end
  end
end

-- Where no task is limited: all that a job costs here.
local function take_all(jobs, key)
  local count = taken
  for index = 1, #jobs do
    local job = jobs[index]
    local id = id_of(job)
    if id then
      count = count + 1
      jobs_taken[count] = job
      held[count * 2 - 1] = id
      held[count * 2] = job
    else
      quarantine_text(key, NO_JOB, job)
    end
  end
  taken = count
end

-- All that is needed is read before the job is given to anybody.
local function take_within_limits(jobs, key, queue)
  for _, job in ipairs(jobs) do
    local id, task = parse(job)
    local limit = task and limit_of(task)
    if not id then
      quarantine_text(key, NO_JOB, job)
    elseif limit and (places[task] or 0) >= limit then
      park(task, queue, job, '+')
    else
      if limit then add_place(task, 1) end
      take(id, job)
    end
  end
end

-- Returns whether the queue may hold more.
local function take_ready(key, queue)
  local take_jobs = limit_by_task and take_within_limits or take_all
  while room() > 0 and looked < BOUND do
    local wanted = math.min(room(), BOUND - looked)
    local jobs = call('LPOP', key, wanted)
    if not jobs then return false end
    looked = looked + #jobs
    take_jobs(jobs, key, queue)
    if #jobs < wanted then return false end
  end
  return true
end

if max > 0 then
  for index = 1, taking do
    local queue = queue_names[index]
    if limit_by_task then take_parked(queue) end
    if take_ready(queue_key(index), queue) then
      may_hold_more = MORE
      if may_be_idle then call('SREM', idle_key(index), broker_id) end
    else
      call('SADD', idle_key(index), broker_id)
      if clears then redis.call('PUBLISH', channel, queue .. '\nclear') end
    end
  end
  for first = 1, taken * 2, CHUNK do
    call('HSET', running, unpack(held, first, math.min(first + CHUNK - 1, taken * 2)))
  end
end

if taken > 0 then show_alive(score) end

for task in pairs(changed) do call('HSET', counts, task, math.max(0, places[task])) end

-- A place that is free still, and not taken above: somebody else may take the jobs that wait for it.
local function wake_parked(task)
  local free = limit_of(task) - math.max(0, places[task])
  if free <= 0 then return end
  local names = call('HGETALL', parked_counts)
  for at_name = 1, #names, 2 do
    local its_task, queue = string.match(names[at_name], '^(.*)%z(.*)$')
    if its_task == task then
      local index = index_of[queue]
      if index then
        wake(idle_key(index), queue, math.min(free, tonumber(names[at_name + 1])))
      else
        -- Nobody is named, since its idle ones are not known here: one of them takes a second look.
        redis.call('PUBLISH', channel, queue .. '\n')
      end
    end
  end
end
for task in pairs(freed) do wake_parked(task) end

local due_at = has_extras and next_due() or math.huge
local due = ''
if due_at < math.huge then due = string.format('%.3f', math.max(0, (due_at - now_s()) * 1000)) end
return answer({ may_hold_more, due, jobs_taken, next(is_uncounted) and UNCOUNTED or COUNTED })
