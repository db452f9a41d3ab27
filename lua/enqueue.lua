-- Takes in jobs: the due ones to the tails of their queues, the others to the future jobs.
-- Atomic. Idempotent: an attempt does nothing once another one to bring these jobs has, be it with more or fewer of them.
--
-- KEYS[1] producer (string): number of the producer's last attempt that has brought jobs
-- KEYS[2] future (zset): future jobs by due time (s)
-- KEYS[3] brokers (zset): all brokers by last seen (s)
-- KEYS[4] quarantine (list): what cannot be used
-- KEYS[5..] queues (list, set): for each queue, its jobs, then the brokers that found it empty
-- ARGV[1] attempt (number): number of this attempt, more than that of the last
-- ARGV[2] first_attempt (number): number of the first attempt to bring the first of these jobs
-- ARGV[3] channel (text): for notifications
-- ARGV[4] future_count (number): number of future jobs
-- ARGV[5..] jobs: for each future job: due time (s), index of its queue among those of KEYS from 1, job;
--           then, for each queue of KEYS: its name, number of jobs, the jobs
--
-- Returns the number of the attempt that has brought the jobs: of this one, or of one before.
-- Cost: O(1) a due job, O(log n) a future one; one RPUSH and one PUBLISH a queue.

-- The next argument to read.
local at = FIRST_JOBS

-- include call
-- include quarantine
-- include number
-- include wake
-- include take_in

return whole(function()
  local known = known_attempt()
  if known then return known end
  take_in()
  return attempt
end)
