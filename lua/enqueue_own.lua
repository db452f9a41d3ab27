-- Takes in jobs as `enqueue` does, of which the caller's own broker takes the first ones of a queue: it holds them at
-- once, as if it had fetched them right after this call.
-- Atomic. Idempotent: a call whose number the producer has used already does nothing.
--
-- KEYS[1] producer (string): number of the producer's last call
-- KEYS[2] future (zset): future jobs by due time (s)
-- KEYS[3] brokers (zset): all brokers by last seen (s)
-- KEYS[4] running (hash): running jobs of the caller's broker
-- KEYS[5] limits (hash): most jobs at once, of limited tasks
-- KEYS[6] own_limits (hash): limits that we have stated, which Python does not delete
-- KEYS[7] parked (zset): parked jobs
-- KEYS[8] quarantine (list): what cannot be used
-- KEYS[9..] queues (list, set): for each queue, its jobs, then the brokers that found it empty
-- ARGV[1] trip (number): number of this call, more than that of the last
-- ARGV[2] broker_id (text): the caller's broker
-- ARGV[3] channel (text): for notifications
-- ARGV[4] future_count (number): number of future jobs
-- ARGV[5..] jobs: for each future job: due time (s), index of its queue among those of KEYS from 1, job;
--           then, for each queue of KEYS: its name; number of jobs that the broker takes, 1 if it has room for no more
--           than these or 0, for each: id, task, job; number of the jobs after these, those
--
-- Codes: TAKEN_IN 1, KNOWN 0
-- Returns { TAKEN_IN, queue, ... } with the keys of the queues whose jobs the broker has taken: it must be one of the
-- cluster, the queue empty, no job parked, and their tasks not limited. The others are in their queues.
-- Returns { KNOWN } if the jobs were taken in before.
-- Cost: as of `enqueue`; where all jobs of a queue are taken, one HSET takes the place of its RPUSH and PUBLISH.

local at = FIRST_JOBS

-- include call
-- include wake
-- include alive
-- include take_in

local function is_limited(task)
  return call('HEXISTS', own_limits, task) == 1 or (tonumber(call('HGET', limits, task)) or -1) >= 0
end

-- Whether nothing but the broker's death could keep these jobs from running at once.
local function may_take(queue, first, last)
  if redis.call('EXISTS', queue, parked, limits, own_limits) == 0 then return true end
  if redis.call('EXISTS', queue, parked) > 0 then return false end
  for index = first, last, 3 do
    if is_limited(ARGV[index + 1]) then return false end
  end
  return true
end

local reply = { TAKEN_IN }
local function own_jobs(queue, idle)
  local count, takes_no_more = tonumber(ARGV[at]), ARGV[at + 1] == '1'
  local first, last = at + 2, at + 1 + count * 3
  at = last + 1
  if count == 0 then return 0 end
  local score = tonumber(call('ZSCORE', brokers, broker_id)) or 0
  local jobs = {}
  if score > 0 and may_take(queue, first, last) then
    for index = first, last, 3 do
      jobs[#jobs + 1] = ARGV[index]
      jobs[#jobs + 1] = ARGV[index + 2]
    end
    call('HSET', running, unpack(jobs))
    show_alive(score)
    if takes_no_more then call('SREM', idle, broker_id) end
    reply[#reply + 1] = queue
    return 0
  end
  for index = first, last, 3 do jobs[#jobs + 1] = ARGV[index + 2] end
  call('RPUSH', queue, unpack(jobs))
  return count, broker_id
end

if is_known() then return answer({ KNOWN }) end
take_in(own_jobs)
return answer(reply)
