-- What takes in new jobs, once for each call of a producer. `own_jobs(queue, idle)` takes those of a queue that are the
-- caller's: it returns how many of them it has put into the queue after all, and who looks for these.

-- Most arguments of one command: Lua's stack holds 8,000.
local CHUNK = 4000
-- Time that a producer is remembered that schedules nothing, in s: far longer than a call may last.
local REMEMBERED_S = 86400

-- The number of the attempt before this one that has brought the jobs; nil if none has, and this one does.
local function known_attempt()
  -- Asked first: a full Redis refuses whoever begins with a write.
  local last = tonumber(call('GET', producer)) or -1
  if first_attempt <= last then return last end
  redis.call('SET', producer, ARGV[1], 'EX', REMEMBERED_S)
end

local function take_in(own_jobs)
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
    local queue, idle, name = KEYS[key], KEYS[key + 1], ARGV[at]
    names[#names + 1] = name
    at = at + 1
    local returned, looker = 0, nil
    if own_jobs then returned, looker = own_jobs(queue, idle) end
    local count = tonumber(ARGV[at])
    at = at + 1
    for first = at, at + count - 1, CHUNK do
      call('RPUSH', queue, unpack(ARGV, first, math.min(first + CHUNK, at + count) - 1))
    end
    at = at + count
    if returned + count > 0 then wake(idle, name, returned + count, looker) end
  end

  if earliest then
    -- Somebody must wake up earlier than planned only for a job that is now the first.
    local first = redis.call('ZRANGE', future, 0, 0, 'WITHSCORES')
    if tonumber(first[2]) >= tonumber(earliest.due) then
      wake(KEYS[FIRST_QUEUES + earliest.queue * 2 - 1], names[earliest.queue], 1)
    end
  end
end
