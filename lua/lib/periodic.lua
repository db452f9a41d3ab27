-- When periodic tasks run. Python reads whole seconds only, and stops at a fraction: the set that it reads
-- has the second that a run is due by; the exact time is ours, and counts while it lies in that second.

-- Shortest and longest period (s).
local LEAST_PERIOD, MOST_PERIOD = 0.001, 1e11

-- The period of a task (s): where it is no whole number, Python reads another one, rounded up.
local function period_of(task)
  return task.period_ms and task.period_ms / 1000 or task.periodicity
end

local function is_number(value, least, most)
  return type(value) == 'number' and value >= least and value <= most
end

-- The periodic task in a text of JSON; nil if it is none.
local function periodic_task(text)
  local ok, task = pcall(cjson.decode, text)
  local is_one = ok and type(task) == 'table' and type(task.queue) == 'string'
    and is_number(task.max_retries, 0, MOST) and task.max_retries % 1 == 0
    and is_number(task.periodicity, LEAST_PERIOD, MOST_PERIOD)
    and (task.period_ms == nil or is_number(task.period_ms, LEAST_PERIOD * 1000, MOST_PERIOD * 1000))
  return is_one and task or nil
end

-- A time of a periodic task, nil if it has none; and whether it has one that nobody can have meant.
local function time_in(zset, name)
  local score = tonumber(call('ZSCORE', zset, name))
  local is_time = score and score >= 0 and score <= LAST_TIME
  return is_time and score or nil, score and not is_time
end

-- The same of its next run.
local function next_run_of(name)
  local second, is_wrong = time_in(periodic, name)
  local exact = second and time_in(periodic_exact, name)
  if exact and math.ceil(exact) == second then return exact end
  return second, is_wrong
end

local function plan(name, at)
  local exact = string.format('%.6f', at)
  write('ZADD', periodic, string.format('%.0f', math.ceil(tonumber(exact))), name)
  write('ZADD', periodic_exact, exact, name)
end

local function unplan(name)
  write('ZREM', periodic, name)
  write('ZREM', periodic_exact, name)
end

-- A Python process that starts deletes the tasks that it does not know; ours come back as they were planned.
local function bring_back(name)
  local text = call('HGET', own_periodic, name)
  local exact = text and time_in(periodic_exact, name)
  if not exact then return end
  write('HSET', periodic_tasks, name, text)
  plan(name, exact)
  return text, exact
end
