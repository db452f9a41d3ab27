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
      set_aside(key, NO_JOB, job)
    end
  end
  taken = count
end

-- Returns whether the queue may hold more.
local function take_ready(key, queue)
  local take_jobs = rest and rest.is_limited and rest.take_within_limits or take_all
  while wanted() > 0 do
    local count = wanted()
    local jobs = call('LPOP', key, count)
    if not jobs then return false end
    on_undo(function() put_back(key, jobs) end)
    local last = fitting(jobs)
    if last < #jobs then leave_rest(key, jobs, last + 1) end
    take_jobs(jobs, last, key, queue)
    if #jobs < count then return last < #jobs end
  end
  return true
end
