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
      quarantine_text(key, NO_JOB, job)
    end
  end
  taken = count
end

local function take_within_limits(jobs, last, key, queue)
  for index = 1, last do
    local job = jobs[index]
    local id, task = parse(job)
    local limit = task and limit_of(task)
    if not id then
      quarantine_text(key, NO_JOB, job)
    elseif limit and (places[task] or 0) >= limit then
      park(task, queue, job, '+')
    else
      if limit then add_place(task, 1) end
      take(id, job)
    end
  end
end

-- What does not fit stays the head of its queue.
local function put_back(jobs, first, key)
  local rest = {}
  for index = #jobs, first, -1 do rest[#rest + 1] = jobs[index] end
  call('LPUSH', key, unpack(rest))
end

-- Returns whether the queue may hold more.
local function take_ready(key, queue)
  local take_jobs = limit_by_task and take_within_limits or take_all
  while wanted() > 0 do
    local count = wanted()
    local jobs = call('LPOP', key, count)
    if not jobs then return false end
    local last = fitting(jobs)
    if last < #jobs then put_back(jobs, last + 1, key) end
    take_jobs(jobs, last, key, queue)
    if #jobs < count then return last < #jobs end
  end
  return true
end
