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
-- ARGV[1] attempt (number): number of this attempt, more than that of the last
-- ARGV[2] first_attempt (number): number of the first attempt to bring the first of these jobs
-- ARGV[3] broker_id (text): the caller's broker
-- ARGV[4] channel (text): for notifications
-- ARGV[5] future_count (number): number of future jobs
-- ARGV[6..] jobs: for each future job: due time (s), index of its queue among those of KEYS from 1, job;
--           then, for each queue of KEYS: its name; number of jobs that the broker takes, 1 if it has room for no more
--           than these or 0, for each: id, task, job; number of the jobs after these, those
--
-- Returns { attempt, queue, ... } with the keys of the queues whose jobs the broker has taken: it must be one of the
-- cluster, the queue empty, no job parked, and their tasks not limited. The others are in their queues.
-- Returns { known } with the number of an earlier attempt if that one has brought the jobs.
-- Cost: as of `enqueue`; where all jobs of a queue are taken, one HSET takes the place of its RPUSH and PUBLISH.

-- The next argument to read.
local at = FIRST_JOBS

-- include call
-- include quarantine
-- include number
-- include clock
-- include wake
-- include alive
-- include take_in

local function is_limited(task)
  return call('HEXISTS', own_limits, task) == 1 or (tonumber(call('HGET', limits, task)) or -1) >= 0
end

-- Whether nothing but the broker's death could keep these jobs from running at once.
local function may_take(queue, first, last)
  if call('EXISTS', queue, parked, limits, own_limits) == 0 then return true end
  if call('EXISTS', queue, parked) > 0 then return false end
  for index = first, last, 3 do
    if is_limited(ARGV[index + 1]) then return false end
  end
  return true
end

local function hold(first, last)
  local fields, ids = {}, {}
  for index = first, last, 3 do
    ids[#ids + 1] = ARGV[index]
    fields[#fields + 1] = ARGV[index]
    fields[#fields + 1] = ARGV[index + 2]
  end
  call('HSET', running, unpack(fields))
  on_undo(function() redis.pcall('HDEL', running, unpack(ids)) end)
end

local reply = { attempt }
local function own_jobs(queue, idle)
  local count, takes_no_more = tonumber(ARGV[at]), ARGV[at + 1] == '1'
  local first, last = at + 2, at + 1 + count * 3
  at = last + 1
  if count == 0 then return {} end
  local score = tonumber(call('ZSCORE', brokers, broker_id)) or 0
  if score > 0 and may_take(queue, first, last) then
    hold(first, last)
    show_alive(score)
    if takes_no_more and call('SREM', idle, broker_id) == 1 then
      on_undo(function() redis.pcall('SADD', idle, broker_id) end)
    end
    reply[#reply + 1] = queue
    return {}
  end
  local jobs = {}
  for index = first, last, 3 do jobs[#jobs + 1] = ARGV[index + 2] end
  return jobs, broker_id
end

return whole(function()
  local known = known_attempt()
  if known then return { known } end
  take_in(own_jobs)
  return reply
end)
