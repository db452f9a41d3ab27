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
--           then, for each queue of KEYS: its name, id of the caller's broker if it looks there right after
--           this call or '', number of jobs, the jobs
--
-- Codes: TAKEN_IN 1, KNOWN 0
-- Returns TAKEN_IN, or KNOWN if the jobs were taken in before.
-- Cost: O(1) a due job, O(log n) a future one; one RPUSH and one PUBLISH a queue.

-- Most arguments of one command: Lua's stack holds 8,000.
local CHUNK = 4000
-- Time that a producer is remembered that schedules nothing, in s: far longer than a call may last.
local REMEMBERED_S = 86400

-- include call
-- include wake

if trip <= (tonumber(call('GET', producer)) or -1) then return answer(KNOWN) end
redis.call('SET', producer, ARGV[1], 'EX', REMEMBERED_S)

local at = FIRST_JOBS
local earliest = false
for _ = 1, future_count do
  call('ZADD', future, ARGV[at], ARGV[at + 2])
  if not earliest or tonumber(ARGV[at]) < tonumber(earliest.due) then
    earliest = { due = ARGV[at], queue = tonumber(ARGV[at + 1]) }
  end
  at = at + 3
end

local names = {}
for key = FIRST_QUEUES, #KEYS, 2 do
  local name, looker, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  at = at + 3
  for first = at, at + count - 1, CHUNK do
    call('RPUSH', KEYS[key], unpack(ARGV, first, math.min(first + CHUNK, at + count) - 1))
  end
  at = at + count
  names[#names + 1] = name
  if count > 0 then wake(KEYS[key + 1], name, count, looker ~= '' and looker or nil) end
end

if earliest then
  -- Somebody must wake up earlier than planned only for a job that is now the first.
  local first = redis.call('ZRANGE', future, 0, 0, 'WITHSCORES')
  if tonumber(first[2]) >= tonumber(earliest.due) then
    wake(KEYS[FIRST_QUEUES + earliest.queue * 2 - 1], names[earliest.queue], 1)
  end
end
return answer(TAKEN_IN)
