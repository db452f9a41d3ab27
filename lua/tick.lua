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
-- ARGV[2] id_count (number): number of ids
-- ARGV[3..] ids: ids for new jobs, then, for each queue of KEYS, its name
--
-- Returns { due, queue, ... }: due is the time until something is due (ms, a string), '' if nothing
-- is; the queues are those of due jobs that KEYS lacks: call again with them.
-- Cost: O(log n) a job moved; at most 1,000 jobs.

local BOUND = 1000

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6

-- include call
-- include wake
-- include job
-- include periodic
-- include due

local keys, idle = {}, {}
for key = FIRST_QUEUES, #KEYS, 2 do
  local name = ARGV[FIRST_IDS + id_count + (key - FIRST_QUEUES) / 2]
  keys[name], idle[name] = KEYS[key], KEYS[key + 1]
end
local missing, is_missing, woken = {}, {}, {}

local function key_of(queue)
  if not keys[queue] and not is_missing[queue] then
    is_missing[queue] = true
    missing[#missing + 1] = queue
  end
  return keys[queue]
end

-- Checked before anything is written: a script that fails midway would do so at every tick.
local function is_periodic(task)
  return type(task) == 'table' and type(task.queue) == 'string' and type(task.max_retries) == 'number'
    and type(task.periodicity) == 'number' and task.periodicity > 0
    and (task.period_ms == nil or type(task.period_ms) == 'number' and task.period_ms > 0)
end

local due = call('ZRANGEBYSCORE', future, '-inf', string.format('%.6f', now), 'LIMIT', 0, BOUND)
for _, job in ipairs(due) do
  local _, _, queue = parse(job)
  if not queue then
    redis.call('ZREM', future, job)
    quarantine_text(future, NO_JOB, job)
  else
    -- In order: whoever comes after a job that cannot be moved yet, of its queue, cannot be either.
    local key = key_of(queue)
    if key then
      redis.call('ZREM', future, job)
      call('RPUSH', key, job)
      woken[queue] = (woken[queue] or 0) + 1
    end
  end
end

local names, is_named = {}, {}
for _, key in ipairs({ periodic, periodic_exact }) do
  for _, name in ipairs(call('ZRANGEBYSCORE', key, '-inf', string.format('%.6f', now), 'LIMIT', 0, id_count)) do
    if not is_named[name] and #names < id_count then
      is_named[name] = true
      names[#names + 1] = name
    end
  end
end

if #names > 0 then write_first(periodic) end
for index, name in ipairs(names) do
  local text = call('HGET', periodic_tasks, name)
  local planned = next_run_of(name)
  if not text then text, planned = bring_back(name) end
  local ok, task = pcall(cjson.decode, text or 'null')
  if not planned or not text then
    unplan(name)
  elseif not ok or not is_periodic(task) then
    unplan(name)
    redis.call('HDEL', periodic_tasks, name)
    quarantine_text(periodic_tasks, 'not a periodic task', text)
  elseif planned > now then
    -- Python has run it: what we had planned does not count any more.
    plan(name, planned)
  else
    local key = key_of(task.queue)
    if key then
      local micros = string.format('%.0f', math.floor(tonumber(time[2])))
      local job = '{"id":"' .. ARGV[FIRST_IDS + index - 1] .. '","status":2,"task_name":' ..
        cjson.encode(name) .. ',"queue":' .. cjson.encode(task.queue) .. ',"max_retries":' ..
        task.max_retries .. ',"retries":0,"at":' .. time[1] .. ',"at_us":' .. micros ..
        ',"task_args":[],"task_kwargs":{}}'
      call('RPUSH', key, job)
      woken[task.queue] = (woken[task.queue] or 0) + 1
      -- The next place of the grid in the future, however many were missed.
      local period = period_of(task)
      local missed = math.floor((now - planned) / period)
      plan(name, planned + (missed + 1) * period)
    end
  end
end

for queue, count in pairs(woken) do wake(idle[queue], queue, count) end

local due_at = next_due()
local reply = { '' }
if due_at < math.huge then
  reply[1] = string.format('%.3f', math.max(0, (due_at - now) * 1000))
end
for _, queue in ipairs(missing) do reply[#reply + 1] = queue end
return answer(reply)
