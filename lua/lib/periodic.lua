-- When periodic tasks run. Python reads whole seconds only, and stops at a fraction: the set that it reads
-- has the second that a run is due by; the exact time is ours, and counts while it lies in that second.
-- The period of a task (s): where it is no whole number, Python reads another one, rounded up.
local function period_of(task)
  return task.period_ms and task.period_ms / 1000 or task.periodicity
end

local function next_run_of(name)
  local second = tonumber(call('ZSCORE', periodic, name))
  local exact = tonumber(call('ZSCORE', periodic_exact, name))
  if second and exact and math.ceil(exact) == second then return exact end
  return second
end

local function plan(name, at)
  local exact = string.format('%.6f', at)
  call('ZADD', periodic, string.format('%.0f', math.ceil(tonumber(exact))), name)
  call('ZADD', periodic_exact, exact, name)
end

local function unplan(name)
  call('ZREM', periodic, name)
  call('ZREM', periodic_exact, name)
end

-- A Python process that starts deletes the tasks that it does not know; ours come back as they were planned.
local function bring_back(name)
  local text = call('HGET', own_periodic, name)
  local exact = text and tonumber(call('ZSCORE', periodic_exact, name))
  if not exact then return end
  call('HSET', periodic_tasks, name, text)
  plan(name, exact)
  return text, exact
end
