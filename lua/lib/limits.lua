-- Limits of tasks, while jobs are settled and taken: how many run of each limited task, and what that change makes of
-- the jobs that wait for it.

-- Limits, and places taken, of all limited tasks; nil if there is none, and none was that left jobs.
local limit_by_task, places
-- Limited tasks of which it is not known how many run: a Python process that starts deletes what it does not know.
local is_uncounted = {}
-- Tasks whose count has changed; those of them that a job has left.
local changed, freed = {}, {}

local function pairs_to_table(list)
  local result = {}
  for index = 1, #list, 2 do result[list[index]] = tonumber(list[index + 1]) end
  return result
end

local function read_limits()
  if redis.call('EXISTS', own_limits, limits, parked) == 0 then return end
  limit_by_task = pairs_to_table(call('HGETALL', limits))
  places = pairs_to_table(call('HGETALL', counts))
  for _, task in ipairs(call('HKEYS', own_limits)) do
    if not limit_by_task[task] or not places[task] then is_uncounted[task] = true end
  end
end

local function limit_of(task)
  if is_uncounted[task] then return 0 end
  local limit = limit_by_task and limit_by_task[task]
  if limit and limit >= 0 then return limit end
end

local function add_place(task, by)
  places[task] = (places[task] or 0) + by
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
  for task in pairs(changed) do call('HSET', counts, task, math.max(0, places[task])) end
end
