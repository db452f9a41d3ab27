-- States the periods and limits of tasks, and forgets those of ours that nobody states any more.
-- Atomic. Idempotent. Tasks that are not named stay as they are, whoever stated them; a limit that we had stated
-- and somebody has deleted comes back.
--
-- KEYS[1] periodic_tasks (hash): task name -> JSON
-- KEYS[2] periodic (zset): periodic tasks by the second that their next run is due by
-- KEYS[3] periodic_exact (zset): periodic tasks by next run (s)
-- KEYS[4] limits (hash): most jobs at once, of limited tasks
-- KEYS[5] counts (hash): running now, of limited tasks
-- KEYS[6] stated (zset): tasks of ours with a period or limit, by when they were last stated (s); '' by when any
--         process last made a statement
-- KEYS[7] parked_counts (hash): task NUL queue -> number of parked jobs
-- KEYS[8] brokers (zset): all brokers by last seen (s)
-- KEYS[9] own_limits (hash): limits that we have stated, which Python does not delete
-- KEYS[10] own_periodic (hash): task name -> JSON of tasks that we have stated, which Python does not delete
-- KEYS[11] quarantine (list): what cannot be used
-- KEYS[12..] running (hash): running jobs of brokers
-- ARGV[1] broker_id (text): the caller
-- ARGV[2] channel (text): for notifications
-- ARGV[3] remembered_s (number): time after which a task that nobody states is forgotten (s), while others make
--         statements
-- ARGV[4] task_count (number): number of tasks
-- ARGV[5..] tasks: for each task: its name, its period (s, -1 for none), its limit (-1 for none), itself as JSON;
--           then, for each broker of KEYS, its id
--
-- Codes: LOST -1, MUST_COUNT 1, REGISTERED 0
-- Returns { LOST } if the broker is not one of the cluster any more: nothing was done.
-- Returns { MUST_COUNT, broker, ... }: brokers whose running jobs must be counted for a limit that is new, and that
-- KEYS lacks: call again with them. Otherwise { REGISTERED }.
-- Cost: O(1) a task, of two commands where nothing is new; O(running jobs of the cluster) for a limit that is;
-- O(log n) a task of the cluster for the first call after nobody made one for long.

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
-- Fields of a task in ARGV.
local FIELDS = 4
-- A process makes a statement every two minutes: if none comes for so long, nobody could (s).
local ASLEEP_S = 600

-- include call
-- include job
-- include periodic

-- Who was condemned has a score of 0; where Redis came back empty, there is none.
if (tonumber(call('ZSCORE', brokers, broker_id)) or 0) <= 0 then return answer({ LOST }) end

local names = {}
for index = 1, task_count do names[index] = ARGV[FIRST_TASKS + (index - 1) * FIELDS] end

local function values(key)
  if task_count == 0 then return {} end
  return call('HMGET', key, unpack(names))
end
local known_tasks, known_limits = values(periodic_tasks), values(limits)

local function stated_period(text)
  local readable, task = pcall(cjson.decode, text or 'null')
  return readable and type(task) == 'table' and tonumber(period_of(task))
end

local function forget_period(name)
  call('HDEL', periodic_tasks, name)
  call('HDEL', own_periodic, name)
  unplan(name)
end

local function state_period(name, period, text, known)
  if period <= 0 then
    if known or call('HEXISTS', own_periodic, name) == 1 then forget_period(name) end
    return
  end
  if not known then known = bring_back(name) end
  local next_run = next_run_of(name)
  -- One that is further away than its period, after the clock was set back, starts a new rhythm.
  if stated_period(known) ~= period or not next_run or next_run > now + period + 1 then
    plan(name, now + period)
  end
  if known ~= text then call('HSET', periodic_tasks, name, text) end
  if call('HGET', own_periodic, name) ~= text then call('HSET', own_periodic, name, text) end
end

local uncounted, has_new_limit = {}, false
local function count_if_new(name, known_limit)
  if known_limit and call('HEXISTS', counts, name) == 1 then return end
  has_new_limit = true
  uncounted[name] = 0
end
-- Of the tasks of others, those that are to come back: name -> limit.
local deleted, is_named = {}, {}
for index = 1, task_count do
  local limit = tonumber(ARGV[FIRST_TASKS + (index - 1) * FIELDS + 2])
  is_named[names[index]] = true
  if limit >= 0 then count_if_new(names[index], known_limits[index]) end
end
local own, own_fields = {}, call('HGETALL', own_limits)
for index = 1, #own_fields, 2 do own[own_fields[index]] = own_fields[index + 1] end
for name, limit in pairs(own) do
  if not is_named[name] then
    local known = call('HGET', limits, name)
    if not known then deleted[name] = limit end
    count_if_new(name, known)
  end
end

-- A new limit counts what runs already, wherever it runs.
if has_new_limit then
  local is_given = {}
  for key = FIRST_RUNNING, #KEYS do
    is_given[ARGV[FIRST_TASKS + task_count * FIELDS + key - FIRST_RUNNING]] = true
  end
  local missing = { MUST_COUNT }
  for _, id in ipairs(call('ZRANGE', brokers, 0, -1)) do
    if not is_given[id] then missing[#missing + 1] = id end
  end
  if #missing > 1 then return answer(missing) end
  for key = FIRST_RUNNING, #KEYS do
    for _, job in ipairs(call('HVALS', KEYS[key])) do
      local task = task_of(job)
      if task and uncounted[task] then uncounted[task] = uncounted[task] + 1 end
    end
  end
end

local has_changed = false
local function forget_limit(name)
  call('HDEL', limits, name)
  call('HDEL', counts, name)
  call('HDEL', own_limits, name)
  has_changed = true
end

write_first(periodic)

-- Time in which nobody could state anything does not count against the tasks of those who have yet to do so: the
-- cluster was stopped, a machine or Redis slept, or the clock jumped.
local asleep = now - (tonumber(call('ZSCORE', stated, '')) or now)
if asleep > ASLEEP_S then
  for _, name in ipairs(call('ZRANGE', stated, 0, -1)) do
    call('ZINCRBY', stated, string.format('%.6f', asleep), name)
  end
end
call('ZADD', stated, string.format('%.6f', now), '')

for name, limit in pairs(deleted) do call('HSET', limits, name, limit) end
for name, count in pairs(uncounted) do
  call('HSET', counts, name, count)
  has_changed = true
end
for index = 1, task_count do
  local at = FIRST_TASKS + (index - 1) * FIELDS
  local name, period, limit, text = unpack(ARGV, at, at + FIELDS - 1)
  period, limit = tonumber(period), tonumber(limit)
  state_period(name, period, text, known_tasks[index])
  if limit >= 0 then
    if tonumber(known_limits[index]) ~= limit then
      call('HSET', limits, name, limit)
      has_changed = true
    end
    if tonumber(own[name]) ~= limit then call('HSET', own_limits, name, limit) end
  elseif known_limits[index] or own[name] then
    forget_limit(name)
  end
  if period > 0 or limit >= 0 then call('ZADD', stated, string.format('%.6f', now), name) end
end

-- What Python stated since is its own: it writes a space after each colon.
local function is_ours(text) return not string.find(text, '": ', 1, true) end

local old = call('ZRANGEBYSCORE', stated, '-inf', string.format('%.6f', now - remembered_s), 'LIMIT', 0, 100)
for _, name in ipairs(old) do
  local text = call('HGET', periodic_tasks, name)
  if not text or is_ours(text) then forget_period(name) end
  call('HDEL', own_periodic, name)
  forget_limit(name)
  call('ZREM', stated, name)
end

-- Jobs may be parked behind a limit that is gone, or higher now.
if has_changed then
  for _, name in ipairs(call('HKEYS', parked_counts)) do
    local queue = string.match(name, '^.*%z(.*)$')
    if queue then redis.call('PUBLISH', channel, queue) end
  end
end
return answer({ REGISTERED })
