-- Takes jobs from queues. All that is needed is read before a job is given to anybody.

-- Where no task is limited: all that a job costs here.
local function take_all(jobs, last, key)
  local count = taken
  for index = 1, last do
    local job = jobs[index]
    local id = id_of(job)
    if id then
      count = count + 1
      jobs_taken[count] = job
      held[count * 2 - 1] = id
      held[count * 2] = job
    else
      rarely().set_aside(key, NO_JOB, job)
    end
  end
  taken = count
end

-- Returns whether the queue may hold more.
local function take_ready(key, queue)
  local take_jobs = rest and rest.is_limited and rest.take_within_limits or take_all
  while true do
    local count = wanted()
    if count <= 0 then return true end
    local jobs = call('LPOP', key, count)
    if not jobs then return false end
    undos[#undos + 1] = function()
      -- Back to the head of their queue; rather to its tail than nowhere.
      local reversed = {}
      for index = 1, #jobs do reversed[index] = jobs[#jobs + 1 - index] end
      if type(redis.pcall('LPUSH', key, unpack(reversed))) == 'table' then redis.pcall('RPUSH', key, unpack(jobs)) end
    end
    local last = fitting(jobs)
    if last < #jobs then
      -- What does not fit stays the head of its queue.
      local left = {}
      for index = #jobs, last + 1, -1 do left[#left + 1] = jobs[index] end
      call('LPUSH', key, unpack(left))
      undos[#undos + 1] = { 'LTRIM', key, #left, -1 }
    end
    take_jobs(jobs, last, key, queue)
    if #jobs < count then return last < #jobs end
  end
end

local function hold_taken()
  if taken == 0 then return end
  undos[#undos + 1] = function()
    for index = 1, taken do redis.pcall('HDEL', running, held[index * 2 - 1]) end
  end
  for first = 1, taken * 2, CHUNK do
    call('HSET', running, unpack(held, first, math.min(first + CHUNK - 1, taken * 2)))
  end
  show_alive(score)
end
