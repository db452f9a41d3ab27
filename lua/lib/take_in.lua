-- What takes in new jobs, once for each call of a producer. `own_jobs(queue, idle)` takes those of a queue that are the
-- caller's: it returns those of them that it leaves to the queue after all, and who looks for these.

-- Time that a producer is remembered that schedules nothing, in s: far longer than a call may last.
local REMEMBERED_S = 86400

-- The number of the attempt before this one that has brought the jobs; nil if none has, and this one does.
local function known_attempt()
  -- Asked first: a full Redis refuses whoever begins with a write.
  local last = call('GET', producer)
  if last and not is_whole(last, 0) then
    set_aside(producer, 'not the number of an attempt', last)
    last = nil
  end
  if last and first_attempt <= tonumber(last) then return tonumber(last) end
  call('SET', producer, ARGV[1], 'EX', REMEMBERED_S)
  on_undo(function()
    if last then
      redis.pcall('SET', producer, last, 'EX', REMEMBERED_S)
    else
      redis.pcall('DEL', producer)
    end
  end)
end

local function append(queue, jobs, first, last)
  for from = first, last, CHUNK do
    local to = math.min(from + CHUNK - 1, last)
    call('RPUSH', queue, unpack(jobs, from, to))
    on_undo(function() redis.pcall('LTRIM', queue, 0, from - to - 2) end)
  end
end

-- The jobs of a queue, which stand in ARGV from `at` on.
local function take_in_ready(queue, idle, name, own_jobs)
  local returned, looker = {}, nil
  if own_jobs then returned, looker = own_jobs(queue, idle) end
  local count = tonumber(ARGV[at])
  local first, last = at + 1, at + count
  at = last + 1
  if #returned + count == 0 then return end
  wake(idle, name, #returned + count, looker)
  append(queue, returned, 1, #returned)
  append(queue, ARGV, first, last)
end

local function take_in(own_jobs)
  local futures = {}
  for number = 1, future_count do
    futures[number] = { due = tonumber(ARGV[at]), queue = tonumber(ARGV[at + 1]), job = ARGV[at + 2] }
    at = at + 3
  end
  local names = {}
  for key = FIRST_QUEUES, #KEYS, 2 do
    local name = ARGV[at]
    names[#names + 1] = name
    at = at + 1
    take_in_ready(KEYS[key], KEYS[key + 1], name, own_jobs)
  end
  if #futures == 0 then return end
-- include future
  take_in_future(futures, function(index)
    wake(KEYS[FIRST_QUEUES + index * 2 - 1], names[index], 1)
  end)
end
