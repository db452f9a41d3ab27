-- Takes in jobs: the due ones to the tails of their queues, the others to the future jobs.
-- Atomic. Idempotent: an attempt does nothing once another one to bring these jobs has, be it with more or fewer of them.
--
-- KEYS[1] producer (string): number of the producer's last attempt that has brought jobs
-- KEYS[2] future (zset): future jobs by due time (s)
-- KEYS[3] brokers (zset): all brokers by last seen (s)
-- KEYS[4] quarantine (list): what cannot be used
-- KEYS[5..] queues (list, set): for each queue, its jobs, then the brokers that found it empty
-- ARGV[1] attempt (text): number of this attempt, more than that of the last
-- ARGV[2] first_attempt (number): number of the first attempt to bring the first of these jobs
-- ARGV[3] channel (text): for notifications
-- ARGV[4] future_count (number): number of future jobs
-- ARGV[5..] jobs: for each queue of KEYS: its name
--           then, for each future job: due time (s), or + and the delay until then (s), index of its queue among those of KEYS from 1, job
--           then, for each queue of KEYS: number of jobs, the jobs
--
-- Returns the number of the attempt that has brought the jobs: of this one, or of one before.
-- Cost: O(1) a due job, O(log n) a future one; one RPUSH and one PUBLISH a queue.

-- include call
-- include wake
-- include append

return whole(function()
-- include new_attempt
  local queue_count = (#KEYS - FIRST_QUEUES + 1) / 2
  local at = FIRST_JOBS + queue_count + future_count * 3
  for index = 1, queue_count do
    local place, count = FIRST_QUEUES + index * 2 - 2, tonumber(ARGV[at])
    local first, last = at + 1, at + count
    at = last + 1
    if count > 0 then
      wake(KEYS[place + 1], ARGV[FIRST_JOBS + index - 1], count)
      append(KEYS[place], ARGV, first, last)
    end
  end
  if future_count > 0 then
-- include future
    take_in_future(FIRST_JOBS + queue_count)
  end
  return attempt
end)
