-- States the periods and limits of tasks, and forgets those of ours that nobody states any more.
-- Atomic. Idempotent. Tasks that are not named stay as they are, whoever stated them; a limit that we had stated
-- and somebody has deleted comes back. So do tasks whose definition is by a process with a higher number, while that is
-- a member: see definition-owner.ts.
--
-- KEYS[1] periodic_tasks (hash): task name -> JSON
-- KEYS[2] periodic (zset): periodic tasks by the second that their next run is due by
-- KEYS[3] periodic_exact (zset): periodic tasks by next run (s)
-- KEYS[4] limits (hash): most jobs at once, of limited tasks
-- KEYS[5] counts (hash): running now, of limited tasks
-- KEYS[6] stated (zset): tasks of ours, by when they were last stated (s); '' by when any
--         process last made a statement
-- KEYS[7] parked_counts (hash): task NUL queue -> number of parked jobs
-- KEYS[8] brokers (zset): all brokers by last seen (s)
-- KEYS[9] own_limits (hash): limits that we have stated, which Python does not delete
-- KEYS[10] own_periodic (hash): task name -> JSON of tasks that we have stated, which Python does not delete
-- KEYS[11] quarantine (list): what cannot be used
-- KEYS[12] definitions (hash): task name -> number of the process whose definition counts, a space, its broker id;
--          '' -> the last number that a process got
-- KEYS[13..] running (hash): running jobs of brokers
-- ARGV[1] broker_id (text): the caller
-- ARGV[2] channel (text): for notifications
-- ARGV[3] remembered_s (number): time after which a task that nobody states is forgotten (s), while others make
--         statements
-- ARGV[4] join_number (number): of the process; 0 if it has none yet
-- ARGV[5] task_count (number): number of tasks
-- ARGV[6..] tasks: for each task: its name, its period (s, -1 for none), its limit (-1 for none), itself as JSON;
--           then, for each broker of KEYS, its id
--
-- Codes: LOST -1, MUST_COUNT 1, REGISTERED 0
-- Returns { LOST } if the broker is not one of the cluster any more: nothing was done.
-- Returns { MUST_COUNT, broker, ... }: brokers whose running jobs must be counted for a limit that is new, and that
-- KEYS lacks: call again with them. Otherwise { REGISTERED, number of the process (a string) }.
-- Cost: O(1) a task, of two commands where nothing is new; O(running jobs of the cluster) for a limit that is;
-- O(log n) a task of the cluster for the first call after nobody made one for long.

-- include call
-- include write
-- include write_first
-- include number
-- include hash_number
-- include clock
-- include job
-- include periodic
-- include limits
-- include wake_waiting

-- Fields of a task in ARGV.
local FIELDS = 4
-- A process makes a statement every two minutes: if none comes for so long, nobody could (s).
local ASLEEP_S = 600

-- The tasks whose definition counts: name, period (s), limit, their JSON. -1 is none.
local tasks, names, is_named = {}, {}, {}
-- All that the caller has.
local given_names = {}

for index = 1, task_count do given_names[index] = ARGV[FIRST_TASKS + (index - 1) * FIELDS] end

local last_number = 0

-- The number of the process is later than all before, also where Redis came back empty.
local function read_join_number(text)
  last_number = whole_number(definitions, '', text, 0) or 0
  if join_number == 0 and task_count > 0 then
    join_number = math.max(last_number + 1, math.floor(now_s() * 1000))
  end
end

-- The number and the broker that a definition is of; nil if it is nobody's.
local function owner_in(name, text)
  if not text then return nil end
  local number, owner = string.match(text, '^(%d+) (.+)$')
  if number and is_whole(number, 0) then return tonumber(number), owner end
  write('HDEL', definitions, name)
  rarely().set_aside(definitions, 'not a number and a broker, of ' .. name, text)
  return nil
end

local function is_outranked(name, text)
  local number, owner = owner_in(name, text)
  return number and number > join_number and (tonumber(call('ZSCORE', brokers, owner)) or 0) > 0
end

local function read_tasks()
  local owners = call('HMGET', definitions, '', unpack(given_names))
  read_join_number(owners[1])
  for index, name in ipairs(given_names) do
    if not is_outranked(name, owners[index + 1]) then
      local from = FIRST_TASKS + (index - 1) * FIELDS
      local period, limit, text = unpack(ARGV, from + 1, from + FIELDS - 1)
      tasks[#tasks + 1] = {
        name = name, period = tonumber(period), limit = tonumber(limit), text = text, owner = owners[index + 1],
      }
      names[#names + 1], is_named[name] = name, true
    end
  end
end

local function state_owners()
  local number = string.format('%.0f', join_number)
  if join_number > last_number then write('HSET', definitions, '', number) end
  local owner = number .. ' ' .. broker_id
  for _, task in ipairs(tasks) do
    if task.owner ~= owner then write('HSET', definitions, task.name, owner) end
  end
end

-- What a hash has of them, by index.
local function values(key)
  if #names == 0 then return {} end
  return call('HMGET', key, unpack(names))
end

-- Limits that we have stated, as Redis has them.
local own = {}

local function stated_period(text)
  local readable, task = pcall(cjson.decode, text or 'null')
  return readable and type(task) == 'table' and tonumber(period_of(task))
end

local function state_period(name, period, text, known)
  known = known or bring_back(name)
  local next_run = next_run_of(name)
  -- One that is further away than its period, after the clock was set back, starts a new rhythm.
  if stated_period(known) ~= period or not next_run or next_run > now_s() + period + 1 then
    plan(name, now_s() + period)
  end
  if known ~= text then write('HSET', periodic_tasks, name, text) end
  if call('HGET', own_periodic, name) ~= text then write('HSET', own_periodic, name, text) end
end

local function forget_period(name)
  write('HDEL', periodic_tasks, name)
  write('HDEL', own_periodic, name)
  unplan(name)
end

-- Limited tasks whose running jobs are to be counted, with how many there are; of those that nobody has named here,
-- the ones whose limit is to come back.
local uncounted, deleted = {}, {}

local function count_if_new(name)
  if not limit_by_task[name] or not places[name] then uncounted[name] = 0 end
end

local function find_uncounted()
  read_limits()
  own = whole_numbers(own_limits, 0)
  for _, task in ipairs(tasks) do
    if task.limit >= 0 then count_if_new(task.name) end
  end
  for name, limit in pairs(own) do
    if not is_named[name] then
      if not limit_by_task[name] then deleted[name] = limit end
      count_if_new(name)
    end
  end
end

-- A new limit counts what runs already, wherever it runs. Returns the brokers that KEYS lacks.
local function count_running()
  local is_given, missing = {}, {}
  for key = FIRST_RUNNING, #KEYS do
    is_given[ARGV[FIRST_TASKS + task_count * FIELDS + key - FIRST_RUNNING]] = true
  end
  for _, id in ipairs(call('ZRANGE', brokers, 0, -1)) do
    if not is_given[id] then missing[#missing + 1] = id end
  end
  if #missing > 0 then return missing end
  for key = FIRST_RUNNING, #KEYS do
    for _, job in ipairs(call('HVALS', KEYS[key])) do
      local task = task_of(job)
      if task and uncounted[task] then uncounted[task] = uncounted[task] + 1 end
    end
  end
  return missing
end

local function forget_limit(name)
  write('HDEL', limits, name)
  write('HDEL', counts, name)
  write('HDEL', own_limits, name)
end

local function last_stated(name)
  local score = tonumber(call('ZSCORE', stated, name))
  return score and score >= 0 and score <= LAST_TIME and score or nil
end

-- Time in which nobody could state anything does not count against the tasks of those who have yet to do so: the
-- cluster was stopped, a machine or Redis slept, or the clock jumped.
local function count_no_sleep()
  local asleep = now_s() - (last_stated('') or now_s())
  if asleep > ASLEEP_S then
    for _, name in ipairs(call('ZRANGE', stated, 0, -1)) do
      write('ZADD', stated, string.format('%.6f', (last_stated(name) or now_s()) + asleep), name)
    end
  end
  write('ZADD', stated, string.format('%.6f', now_s()), '')
end

local has_changed = false

local function state_limits()
  for name, limit in pairs(deleted) do write('HSET', limits, name, limit) end
  for name, count in pairs(uncounted) do
    write('HSET', counts, name, count)
    has_changed = true
  end
  for _, task in ipairs(tasks) do
    local name, limit = task.name, task.limit
    if limit >= 0 then
      if limit_by_task[name] ~= limit then
        write('HSET', limits, name, limit)
        has_changed = true
      end
      if own[name] ~= limit then write('HSET', own_limits, name, limit) end
    end
  end
end

local function state_tasks()
  local known = values(periodic_tasks)
  for index, task in ipairs(tasks) do
    local name, period, limit = task.name, task.period, task.limit
    if period > 0 then
      state_period(name, period, task.text, known[index])
    elseif known[index] or call('HEXISTS', own_periodic, name) == 1 then
      forget_period(name)
    end
    if limit < 0 and (limit_by_task[name] or own[name]) then
      forget_limit(name)
      has_changed = true
    end
  end
  -- A definition of another is not forgotten as long as any process has the task.
  for _, name in ipairs(given_names) do write('ZADD', stated, string.format('%.6f', now_s()), name) end
end

-- What Python stated since is its own: it writes a space after each colon.
local function is_ours(text) return not string.find(text, '": ', 1, true) end

local function forget_old()
  local before = string.format('%.6f', now_s() - remembered_s)
  for _, name in ipairs(call('ZRANGEBYSCORE', stated, '-inf', before, 'LIMIT', 0, 100)) do
    local text = call('HGET', periodic_tasks, name)
    if not text or is_ours(text) then forget_period(name) end
    write('HDEL', own_periodic, name)
    if own[name] then forget_limit(name) end
    write('HDEL', definitions, name)
    write('ZREM', stated, name)
    has_changed = true
  end
end

return whole(function()
  -- Who was condemned has a score of 0; where Redis came back empty, there is none.
  if (tonumber(call('ZSCORE', brokers, broker_id)) or 0) <= 0 then return { LOST } end
  write_first(periodic)
  read_tasks()
  find_uncounted()
  local missing = next(uncounted) and count_running() or {}
  if #missing > 0 then return { MUST_COUNT, unpack(missing) } end
  count_no_sleep()
  state_limits()
  state_tasks()
  state_owners()
  forget_old()
  -- Jobs may be parked behind a limit that is gone, or higher now.
  if has_changed then wake_waiting() end
  return { REGISTERED, string.format('%.0f', join_number) }
end)
