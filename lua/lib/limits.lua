-- Limits of tasks, while jobs are settled and taken: how many run of each limited task, and what that change makes of
-- the jobs that wait for it.

-- Limits, and places taken, of all limited tasks; nil if there is none, and none was that left jobs.
local limit_by_task, places
-- Limited tasks of which it is not known how many run: a Python process that starts deletes what it does not know.
local is_uncounted = {}
-- Places as Redis has them; tasks whose count has changed; tasks that a job has left.
local saved, changed, freed = {}, {}, {}

local function read_limits()
  -- None is -1, and that is Python's.
  limit_by_task = whole_numbers(limits, -1)
  places, saved = whole_numbers(counts, 0), {}
  for task, count in pairs(places) do saved[task] = count end
  for _, task in ipairs(call('HKEYS', own_limits)) do
    if not limit_by_task[task] or not places[task] then is_uncounted[task] = true end
  end
end

local function limit_of(task)
  if is_uncounted[task] then return 0 end
  local limit = limit_by_task and limit_by_task[task]
  if limit and limit >= 0 then return limit end
end

-- Never below none: another program may have changed the count, and less than none would let too many run.
local function add_place(task, by)
  places[task] = math.max(0, (places[task] or 0) + by)
  changed[task] = true
end

local function free_place(job)
  local task = limit_by_task and task_of(job)
  if task and limit_of(task) and not is_uncounted[task] then
    add_place(task, -1)
    freed[task] = true
  end
end

local function save_places()
  for task in pairs(changed) do
    local count, old = places[task], saved[task]
    if count ~= (old or 0) then
      call('HSET', counts, task, count)
      undos[#undos + 1] = old and { 'HSET', counts, task, old } or { 'HDEL', counts, task }
      saved[task] = count
    end
  end
  changed = {}
end
