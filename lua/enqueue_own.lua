-- Takes in jobs as `enqueue` does, of which the caller's own broker takes the first ones of a queue: it holds them at
-- once, as if it had fetched them right after this call.
-- Atomic. Idempotent: an attempt does nothing once another one to bring these jobs has, be it with more or fewer of them.
--
-- KEYS[1] producer (string): number of the producer's last attempt that has brought jobs
-- KEYS[2] future (zset): future jobs by due time (s)
-- KEYS[3] brokers (zset): all brokers by last seen (s)
-- KEYS[4] running (hash): running jobs of the caller's broker
-- KEYS[5] limits (hash): most jobs at once, of limited tasks
-- KEYS[6] own_limits (hash): limits that we have stated, which Python does not delete
-- KEYS[7] parked (zset): parked jobs
-- KEYS[8] quarantine (list): what cannot be used
-- KEYS[9..] queues (list, set): for each queue, its jobs, then the brokers that found it empty
-- ARGV[1] attempt (text): number of this attempt, more than that of the last
-- ARGV[2] first_attempt (number): number of the first attempt to bring the first of these jobs
-- ARGV[3] broker_id (text): the caller's broker
-- ARGV[4] channel (text): for notifications
-- ARGV[5] future_count (number): number of future jobs
-- ARGV[6..] jobs: for each queue of KEYS: its name
--           then, for each future job: due time (s), or + and the delay until then (s), index of its queue among those of KEYS from 1, job
--           then, for each queue of KEYS: number of jobs that the broker takes, 1 if it has room for no more
--           than these or 0, for each: id, task, job; number of the jobs after these, those
--
-- Returns { attempt, queue, ... } with the keys of the queues whose jobs the broker has taken: it must be one of the
-- cluster, the queue empty, no job parked, and their tasks not limited. The others are in their queues.
-- Returns the number of an earlier attempt if that one has brought the jobs.
-- Cost: as of `enqueue`; where all jobs of a queue are taken, one HSET takes the place of its RPUSH and PUBLISH.

-- include call
-- include clock
-- include wake
-- include alive
-- include append

-- Whether nothing but the broker's death could keep these jobs from running at once.
local function may_take(queue, first, last)
  if call('EXISTS', queue, parked, limits, own_limits) == 0 then return true end
  if call('EXISTS', queue, parked) > 0 then return false end
  for index = first, last, 3 do
    local task = ARGV[index + 1]
    if call('HEXISTS', own_limits, task) == 1 or (tonumber(call('HGET', limits, task)) or -1) >= 0 then
      return false
    end
  end
  return true
end

local function hold(first, last)
  local fields = {}
  for index = first, last, 3 do
    fields[#fields + 1] = ARGV[index]
    fields[#fields + 1] = ARGV[index + 2]
  end
  call('HSET', running, unpack(fields))
  undos[#undos + 1] = function()
    for index = first, last, 3 do redis.pcall('HDEL', running, ARGV[index]) end
  end
end

local function own_jobs(first, last)
  local jobs = {}
  for index = first, last, 3 do jobs[#jobs + 1] = ARGV[index + 2] end
  return jobs
end

-- Takes the broker's own jobs of a queue. Returns whether it could.
local function take(queue, first, last)
  local score = tonumber(call('ZSCORE', brokers, broker_id)) or 0
  if score <= 0 or not may_take(queue, first, last) then return false end
  hold(first, last)
  show_alive(score)
  return true
end

return whole(function()
-- include new_attempt
  local reply = { attempt }
  local queue_count = (#KEYS - FIRST_QUEUES + 1) / 2
  local at = FIRST_JOBS + queue_count + future_count * 3
  for index = 1, queue_count do
    local place, own, takes_no_more = FIRST_QUEUES + index * 2 - 2, tonumber(ARGV[at]), ARGV[at + 1] == '1'
    local queue, idle, name = KEYS[place], KEYS[place + 1], ARGV[FIRST_JOBS + index - 1]
    local first, last = at + 2, at + 1 + own * 3
    local count = tonumber(ARGV[last + 1])
    at = last + 2 + count
    local is_own = own > 0
    if is_own and take(queue, first, last) then
      if takes_no_more and call('SREM', idle, broker_id) == 1 then
        undos[#undos + 1] = { 'SADD', idle, broker_id }
      end
      reply[#reply + 1] = queue
      own, is_own = 0, false
    end
    if own + count > 0 then
      wake(idle, name, own + count, is_own and broker_id)
      if is_own then append(queue, own_jobs(first, last), 1, own) end
      append(queue, ARGV, last + 2, last + 1 + count)
    end
  end
  if future_count > 0 then
-- include future
    take_in_future(FIRST_JOBS + queue_count)
  end
  return reply
end)
