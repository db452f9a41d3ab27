-- Takes in jobs: the due ones to the tails of their queues, the others to the future jobs.
-- Atomic. Idempotent: a call whose number the producer has used already does nothing.
--
-- KEYS[1] producer (string): number of the producer's last call
-- KEYS[2] future (zset): future jobs by due time (s)
-- KEYS[3] brokers (zset): all brokers by last seen (s)
-- KEYS[4] quarantine (list): what cannot be used
-- KEYS[5..] queues (list, set): for each queue, its jobs, then the brokers that found it empty
-- ARGV[1] trip (number): number of this call, more than that of the last
-- ARGV[2] channel (text): for notifications
-- ARGV[3] future_count (number): number of future jobs
-- ARGV[4..] jobs: for each future job: due time (s), index of its queue among those of KEYS from 1, job;
--           then, for each queue of KEYS: its name, number of jobs, the jobs
--
-- Codes: TAKEN_IN 1, KNOWN 0
-- Returns TAKEN_IN, or KNOWN if the jobs were taken in before.
-- Cost: O(1) a due job, O(log n) a future one; one RPUSH and one PUBLISH a queue.

local at = FIRST_JOBS

-- include call
-- include wake
-- include take_in

if is_known() then return answer(KNOWN) end
take_in()
return answer(TAKEN_IN)
