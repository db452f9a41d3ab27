-- Settles jobs that ended, then takes jobs from queues.
-- Atomic; each of the two is done wholly or not at all. Idempotent in what it settles: only a job that the broker holds is.
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
-- ARGV[4] max_bytes (number): most bytes of them together; one is taken, however large
-- ARGV[5] taking (number): number of queues to take from
-- ARGV[6] caller_ms (number): the caller's clock (epoch ms)
-- ARGV[7] may_be_idle (flag): whether it may be among those that found a queue to take from empty
-- ARGV[8] clears (flag): whether to tell the others, if it leaves a queue empty, that they need not look
-- ARGV[9..] jobs: for each queue of KEYS: its name
--           then: number of jobs that are done and have ids of 36 bytes, these ids as one text
--           then: number of the other jobs that are done, their ids
--           then: number of jobs that cannot be read, for each: id, or '' if it is not known; reason; text, if
--                 the id is not known
--           then: number of jobs to run again, for each: id, due time by the caller's clock (epoch ms),
--                 index of its queue among those of KEYS from 1, number of bytes of the held text that text replaces,
--                 '' for all of it, text
--           then: number of jobs to put back, oldest first, for each: id, index of its queue, job, or '' as it is held
--
-- Codes: LOST -1, MORE 1, NO_MORE 0, COUNTED 0, UNCOUNTED 1
-- Returns { LOST } if the broker is not one of the cluster any more: nothing was done.
-- Otherwise { MORE or NO_MORE, due, { job, ... }, COUNTED or UNCOUNTED }, and if no job could be taken, the error: what
-- ended is settled all the same. MORE if the queues may hold more jobs
-- than were taken; due is the time until something is due (ms, a string), '' if nothing is; UNCOUNTED if somebody
-- has deleted the limit or count of a task of ours: its jobs wait until `register` has counted what runs.
-- Cost: one HDEL, one LPOP and one HSET a queue where no task is limited, whatever the number of
-- jobs; O(log n) a job of a limited task.

-- include call

-- All that follows stands in one function: what its functions share is found the sooner the fewer stand around it.
return whole(function()
  -- Who was condemned has a score of 0 until its jobs are settled.
  local score = tonumber(call('ZSCORE', brokers, broker_id)) or 0
  if score <= 0 then return { LOST } end
  -- How much there is of what most namespaces do not use, limits and times: that costs one question.
  local extras = call('EXISTS', own_limits, limits, parked, future, periodic, periodic_exact)
  local of_limits = extras > 0 and call('EXISTS', own_limits, limits, parked) or 0
  local may_be_limited, has_times = of_limits > 0, extras > of_limits

-- include clock
-- include job
-- include take

  -- The next argument to read.
  local at = FIRST_JOBS + (#KEYS - FIRST_QUEUES + 1) / 2
  -- What most calls do without; nil in these.
  local rest

-- include settle

  -- Its functions stand here, since to make them takes time, which most calls do not need.
  if may_be_limited or not are_all_done then
-- include number
-- include hash_number
-- include limits
-- include parking
-- include ending
    if may_be_limited then
      read_limits()
      free_places_of(ended)
    end
    if not are_all_done then
-- include come_back
      settle_rest()
    end
    save()
    rest = {
      is_limited = may_be_limited,
      take_parked = take_parked,
      take_within_limits = take_within_limits,
      save = save,
      wake_freed = wake_freed,
      counted = function() return next(is_uncounted) and UNCOUNTED or COUNTED end,
    }
  end
  for first = 1, #ended, CHUNK do
    call('HDEL', running, unpack(ended, first, math.min(first + CHUNK - 1, #ended)))
  end

  local may_hold_more, due = NO_MORE, ''
  -- What ended is settled for good: from here on nothing that fails may fail the whole.
  local first_undo = #undos + 1
  local were_taken, failure = pcall(function()
-- include alive
-- include ready
    for index = 1, max > 0 and taking or 0 do
      local queue, place = ARGV[FIRST_JOBS + index - 1], FIRST_QUEUES + index * 2 - 2
      local key, idle = KEYS[place], KEYS[place + 1]
      if rest and rest.is_limited then rest.take_parked(queue) end
      if take_ready(key, queue) then
        may_hold_more = MORE
        if may_be_idle and call('SREM', idle, broker_id) == 1 then
          undos[#undos + 1] = { 'SADD', idle, broker_id }
        end
      else
        if call('SADD', idle, broker_id) == 1 then
          undos[#undos + 1] = { 'SREM', idle, broker_id }
        end
        if clears then call('PUBLISH', channel, queue .. '\nclear') end
      end
    end
    -- Before jobs are held: what takes them back from there is proved by then.
    if rest then rest.save() end
    hold_taken()
    if rest then rest.wake_freed() end
    if has_times then
-- include due
      local due_at = next_due()
      if due_at < math.huge then due = string.format('%.3f', math.max(0, (due_at - now_s()) * 1000)) end
    end
  end)
  local counted = rest and rest.counted() or COUNTED
  if were_taken then return { may_hold_more, due, jobs_taken, counted } end
  return { MORE, '', {}, counted, redis.error_reply(rarely().give_up(first_undo, failure)) }
end)
