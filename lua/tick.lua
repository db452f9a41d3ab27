-- Moves future jobs that are due to their queues, and makes the jobs of periodic tasks that are.
-- Atomic. Not idempotent, but a repetition moves only what is due then.
--
-- KEYS[1] future (zset): future jobs by due time (s)
-- KEYS[2] periodic_tasks (hash): task name -> JSON
-- KEYS[3] periodic (zset): periodic tasks by the second that their next run is due by
-- KEYS[4] periodic_exact (zset): periodic tasks by next run (s)
-- KEYS[5] brokers (zset): all brokers by last seen (s)
-- KEYS[6] own_periodic (hash): task name -> JSON of tasks that we have stated, which Python does not delete
-- KEYS[7] quarantine (list): what cannot be used
-- KEYS[8..] queues (list, set): for each queue, its jobs, then the brokers that found it empty
-- ARGV[1] channel (text): for notifications
-- ARGV[2] max_bytes (number): most bytes of future jobs; one is moved, however large
-- ARGV[3] id_count (number): number of ids
-- ARGV[4..] ids: ids for new jobs, then, for each queue of KEYS, its name
--
-- Returns { due, queue, ... }: due is the time until something is due (ms, a string), '' if nothing
-- is; the queues are those of due jobs that KEYS lacks: call again with them.
-- Cost: O(log n) a job moved; at most 1,000 jobs, and the bytes of two calls.

-- include call
-- include write
-- include write_first
-- include number
-- include clock
-- include wake
-- include job
-- include periodic
-- include due
-- include utf8

-- Most future jobs of one call; of its first look, which tells nothing of how large they are.
local BOUND, FEW = 1000, 16

local keys, idle = {}, {}
for key = FIRST_QUEUES, #KEYS, 2 do
  local name = ARGV[FIRST_IDS + id_count + (key - FIRST_QUEUES) / 2]
  keys[name], idle[name] = KEYS[key], KEYS[key + 1]
end

-- Queues of due jobs that KEYS lacks; jobs for each of the others; future jobs that are there no more.
local missing, is_missing, ready, moved = {}, {}, {}, {}

-- Notes a job for its queue. Returns false if that cannot be: KEYS lacks it. Nothing of that queue can be moved then.
local function make_ready(queue, job)
  if keys[queue] then
    ready[queue] = ready[queue] or {}
    table.insert(ready[queue], job)
    return true
  end
  if not is_missing[queue] then
    is_missing[queue] = true
    missing[#missing + 1] = queue
  end
  return false
end

local function until_now() return '-inf', string.format('%.6f', now_s()) end

-- The first future jobs that are due between two times: as many as a call may move.
local function jobs_between(from, to)
  local jobs, bytes, most = {}, 0, FEW
  while #jobs < BOUND do
    local found = call('ZRANGEBYSCORE', future, from, to, 'LIMIT', #jobs, math.min(most, BOUND - #jobs))
    for _, job in ipairs(found) do
      bytes = bytes + #job
      if bytes > max_bytes and #jobs > 0 then return jobs end
      jobs[#jobs + 1] = job
    end
    if #found < most then return jobs end
    most = most * 4
  end
  return jobs
end

-- Whether a queue can have that name: keys that we keep start with "_", and the caller, who is asked for the key of a
-- queue, reads another name than one that is not UTF-8.
local function is_queue(name) return string.byte(name) ~= 95 and is_utf8(name) end

local function look_at_job(job)
  local _, _, queue = parse(job)
  local is_job = queue and is_queue(queue)
  if not is_job then rarely().set_aside(future, queue and 'a job of a queue that cannot be' or NO_JOB, job) end
  if not is_job or make_ready(queue, job) then moved[#moved + 1] = job end
end

-- Those that another program has put behind the end of all time would never come.
local function set_aside_endless()
  local after = '(' .. string.format('%.0f', LAST_TIME)
  for _, job in ipairs(jobs_between(after, '+inf')) do
    rarely().set_aside(future, 'a job at a time that never comes', job)
    moved[#moved + 1] = job
  end
end

-- Names of periodic tasks that are due, or planned at a time that is none.
local function due_names()
  local names, is_named = {}, {}
  local from, to = until_now()
  local never = '(' .. string.format('%.0f', LAST_TIME)
  for _, range in ipairs({ { periodic, from, to }, { periodic_exact, from, to }, { periodic, never, '+inf' } }) do
    for _, name in ipairs(call('ZRANGEBYSCORE', range[1], range[2], range[3], 'LIMIT', 0, id_count)) do
      if not is_named[name] and #names < id_count then
        is_named[name] = true
        names[#names + 1] = name
      end
    end
  end
  return names
end

local function periodic_job(id, name, task)
  local _, seconds, micros = now_s()
  return '{"id":"' .. id .. '","status":2,"task_name":' .. cjson.encode(name) .. ',"queue":' ..
    cjson.encode(task.queue) .. ',"max_retries":' .. string.format('%.0f', task.max_retries) ..
    ',"retries":0,"at":' .. seconds .. ',"at_us":' .. string.format('%.0f', tonumber(micros)) ..
    ',"task_args":[],"task_kwargs":{}}'
end

local function run_task(name, id, task, planned)
  if not make_ready(task.queue, periodic_job(id, name, task)) then return end
  -- The next place of the grid in the future, however many were missed.
  local period = period_of(task)
  local missed = math.floor((now_s() - planned) / period)
  plan(name, planned + (missed + 1) * period)
end

local function look_at_task(name, id)
  local text, planned, is_wrong = call('HGET', periodic_tasks, name), next_run_of(name)
  if not text then text, planned = bring_back(name) end
  local task = text and periodic_task(text)
  if text and not (task and is_queue(task.queue)) then
    unplan(name)
    write('HDEL', periodic_tasks, name)
    rarely().set_aside(periodic_tasks, 'not a periodic task', text)
  elseif text and is_wrong then
    rarely().set_aside(periodic, 'the next run of a periodic task at no time', name)
    run_task(name, id, task, now_s())
  elseif not planned or not text then
    unplan(name)
  elseif planned > now_s() then
    -- Python has run it: what we had planned does not count any more.
    plan(name, planned)
  else
    run_task(name, id, task, planned)
  end
end

local function move()
  -- First: to be woken in vain harms nobody.
  for queue, jobs in pairs(ready) do wake(idle[queue], queue, #jobs) end
  for queue, jobs in pairs(ready) do
    for first = 1, #jobs, CHUNK do
      write('RPUSH', keys[queue], unpack(jobs, first, math.min(first + CHUNK - 1, #jobs)))
    end
  end
  -- Asked once before what cannot be undone, in case it may not be asked.
  if #moved > 0 then next_due() end
  for first = 1, #moved, CHUNK do
    call('ZREM', future, unpack(moved, first, math.min(first + CHUNK - 1, #moved)))
  end
end

return whole(function()
  local jobs, names = jobs_between(until_now()), due_names()
  if #names + #jobs > 0 then write_first(periodic) end
  for _, job in ipairs(jobs) do look_at_job(job) end
  -- In each queue behind those.
  for index, name in ipairs(names) do look_at_task(name, ARGV[FIRST_IDS + index - 1]) end
  set_aside_endless()
  move()
  local due_at = next_due()
  local reply = { '' }
  if due_at < math.huge then reply[1] = string.format('%.3f', math.max(0, (due_at - now_s()) * 1000)) end
  for _, queue in ipairs(missing) do reply[#reply + 1] = queue end
  return reply
end)
