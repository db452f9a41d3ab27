-- Takes in jobs: the due ones to the tails of their queues, the others to the future jobs.
-- Atomic. Idempotent: a call whose number the producer has used already does nothing.
--
-- KEYS[1] -> producer (string): number of the producer's last call
-- KEYS[2] -> future jobs (zset)
-- KEYS[3] -> all brokers by last seen (zset)
-- KEYS[4..] -> for each queue: the queue (list), then the brokers that found it empty (set)
-- ARGV[1] -> number of this call, one more than of the last
-- ARGV[2] -> time that an idle producer is remembered (s)
-- ARGV[3] -> notifications channel
-- ARGV[4] -> number of future jobs, then for each: due time (s), index of its queue among those of
--            KEYS from 1, job
-- then, for each queue of KEYS: its name, number of jobs, the jobs
--
-- Returns 1 if the jobs were taken in, 0 if they had been before.
-- Cost: O(1) a due job, O(log n) a future one; one RPUSH and one PUBLISH a queue.

local TAKEN_IN, KNOWN = 1, 0
-- Most arguments of one command: Lua's stack holds 8,000.
local CHUNK = 4000

local last = tonumber(redis.call('GET', KEYS[1]) or '-1')
if tonumber(ARGV[1]) <= last then return KNOWN end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])

-- include wake

local FIRST_QUEUE = 4
local channel, brokers = ARGV[3], KEYS[3]
local at = 5
local earliest = false
for _ = 1, tonumber(ARGV[4]) do
  redis.call('ZADD', KEYS[2], ARGV[at], ARGV[at + 2])
  if not earliest or tonumber(ARGV[at]) < tonumber(earliest.due) then
    earliest = { due = ARGV[at], queue = tonumber(ARGV[at + 1]) }
  end
  at = at + 3
end

local names = {}
for key = FIRST_QUEUE, #KEYS, 2 do
  local name, count = ARGV[at], tonumber(ARGV[at + 1])
  at = at + 2
  for first = at, at + count - 1, CHUNK do
    redis.call('RPUSH', KEYS[key], unpack(ARGV, first, math.min(first + CHUNK, at + count) - 1))
  end
  at = at + count
  names[#names + 1] = name
  if count > 0 then wake(channel, brokers, KEYS[key + 1], name, count) end
end

if earliest then
  -- Somebody must wake up earlier than planned only for a job that is now the first.
  local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  if tonumber(first[2]) >= tonumber(earliest.due) then
    local idle = KEYS[FIRST_QUEUE + earliest.queue * 2 - 1]
    wake(channel, brokers, idle, names[earliest.queue], 1)
  end
end
return TAKEN_IN
