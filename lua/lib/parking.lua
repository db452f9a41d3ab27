-- Jobs that wait for a place of their task: they stand before those of their queue, in the order in which they came.

-- Names in `parked_counts`, asked once; what is done with parked jobs, made for the first of them.
local parked_names, parked_functions

local function take(id, job)
  taken = taken + 1
  jobs_taken[taken] = job
  held[taken * 2 - 1] = id
  held[taken * 2] = job
end

local function parking()
  if parked_functions then return parked_functions end
-- include parked
  parked_functions = {
    park = park,
    take = take_from_parked,
    wake = wake_parked,
    save = save_numbers,
  }
  return parked_functions
end

local function are_any_parked()
  if parked_functions then return true end
  parked_names = parked_names or call('HKEYS', parked_counts)
  for _, name in ipairs(parked_names) do
    -- Those of the last numbers used have one character.
    if #name > 1 then return true end
  end
  return false
end

local function take_parked(queue)
  parked_names = parked_names or call('HKEYS', parked_counts)
  if are_any_parked() then parking().take(queue) end
end

-- Where limits are: jobs whose task has no free place are parked.
local function take_within_limits(jobs, last, key, queue)
  for index = 1, last do
    local job = jobs[index]
    local id, task = parse(job)
    local limit = task and limit_of(task)
    if not id then
      rarely().set_aside(key, NO_JOB, job)
    elseif limit and (places[task] or 0) >= limit then
      parking().park(task, queue, job, '+')
    else
      if limit then add_place(task, 1) end
      take(id, job)
    end
  end
end

-- Writes down how many run, and wait.
local function save()
  save_places()
  if parked_functions then parked_functions.save() end
end

local function wake_freed()
  if not next(freed) or not are_any_parked() then return end
  for task in pairs(freed) do parking().wake(task) end
end
