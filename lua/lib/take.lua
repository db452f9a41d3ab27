-- Jobs that the broker takes.

-- Most jobs looked at in one call.
local BOUND = 1000

-- Jobs taken, and the same as fields of the hash. Counted: Lua would search for a table's length.
local jobs_taken, held, taken = {}, {}, 0
local looked = 0
-- Bytes of what was looked at: max_bytes once something did not fit.
local looked_bytes = 0

local function take(id, job)
  taken = taken + 1
  jobs_taken[taken] = job
  held[taken * 2 - 1] = id
  held[taken * 2] = job
end

-- How many more to take, of as many as may be looked at.
local function wanted()
  if looked_bytes >= max_bytes then return 0 end
  return math.min(max - taken, BOUND - looked)
end

-- How many of these fit, from the first on, and counts them as looked at.
local function fitting(jobs)
  local bytes = looked_bytes
  for index = 1, #jobs do
    local more = bytes + #jobs[index]
    if more > max_bytes and bytes > 0 then
      looked, looked_bytes = looked + index - 1, max_bytes
      return index - 1
    end
    bytes = more
  end
  looked, looked_bytes = looked + #jobs, bytes
  return #jobs
end

-- Jobs that were taken go back to the head of their queue; rather to its tail than nowhere.
local function put_back(key, jobs)
  local reversed, count = {}, #jobs
  for index = 1, count do reversed[index] = jobs[count + 1 - index] end
  if type(redis.pcall('LPUSH', key, unpack(reversed))) == 'table' then redis.pcall('RPUSH', key, unpack(jobs)) end
end

-- What does not fit stays the head of its queue.
local function leave_rest(key, jobs, first)
  local rest = {}
  for index = #jobs, first, -1 do rest[#rest + 1] = jobs[index] end
  call('LPUSH', key, unpack(rest))
  on_undo(function() redis.pcall('LTRIM', key, #rest, -1) end)
end

local function hold_taken()
  if taken == 0 then return end
  on_undo(function()
    for index = 1, taken do redis.pcall('HDEL', running, held[index * 2 - 1]) end
  end)
  for first = 1, taken * 2, CHUNK do
    call('HSET', running, unpack(held, first, math.min(first + CHUNK - 1, taken * 2)))
  end
  show_alive(score)
end
