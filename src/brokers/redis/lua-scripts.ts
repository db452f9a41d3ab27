/** Generated from lua/ by scripts/generate-lua.ts: edit those, then run `npm run lua`. */

/** A script that Redis runs as one atomic operation. */
export interface LuaScript {
  readonly name: string;
  /** How Redis knows it. */
  readonly sha1: string;
  readonly text: string;
}

/** A script with its keys and arguments. */
export interface ScriptCall {
  readonly script: LuaScript;
  readonly keys: string[];
  readonly args: string[];
}

const CONDEMN: LuaScript = {"name":"condemn","sha1":"31e9285970262be73610029032faaa1204636d90","text":"local infos = KEYS[1]\nlocal brokers = KEYS[2]\nlocal quarantine = KEYS[3]\nlocal broker_id = ARGV[1]\nlocal connected_ms = tonumber(ARGV[2])\nlocal default_lease_ms = tonumber(ARGV[3])\nlocal certain = ARGV[4] == '1'\nlocal FIRST_SUSPECTS = 5\nlocal time = redis.call('TIME')\nlocal now = tonumber(time[1]) + tonumber(time[2]) / 1e6\nlocal notes = {}\nlocal call\nlocal function set_aside(where, reason, text)\n  local note = cjson.encode({ where = where, reason = reason })\n  call('RPUSH', quarantine, note .. '\\n' .. text)\n  return note\nend\nlocal function quarantine_text(where, reason, text)\n  local note = set_aside(where, reason, text)\n  notes[#notes + 1] = note\nend\nfunction call(command, key, ...)\n  local reply = redis.pcall(command, key, ...)\n  local failure = type(reply) == 'table' and reply.err\n  if not failure then return reply end\n  if string.find(failure, 'WRONGTYPE', 1, true) then\n    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'\n    local text = redis.call('DUMP', key)\n    redis.call('DEL', key)\n    quarantine_text(key, reason, text)\n  end\n  return redis.call(command, key, ...)\nend\nlocal function write_first(zset) call('ZREM', zset, '') end\nlocal function answer(reply)\n  if #notes == 0 then return reply end\n  return { 'quarantined', notes, reply }\nend\nlocal function seen(id) return tonumber(call('ZSCORE', brokers, id)) end\nlocal function lease_ms_of(id)\n  local ok, info = pcall(cjson.decode, call('HGET', infos, id) or '{}')\n  return ok and type(info) == 'table' and tonumber(info.lease_ms) or default_lease_ms\nend\nlocal reply, soonest = { '' }, math.huge\nif (seen(broker_id) or 0) <= 0 then return answer(reply) end\nfor index = FIRST_SUSPECTS, #ARGV do\n  local id = ARGV[index]\n  local last = seen(id)\n  if last and not certain and last > 0 then\n    local lease_ms = lease_ms_of(id)\n    local left_ms = lease_ms - math.min((now - last) * 1000, connected_ms)\n    if left_ms >= 0 then\n      soonest = math.min(soonest, left_ms)\n      last = nil\n    end\n  end\n  if last then\n    write_first(brokers)\n    call('ZADD', brokers, 'XX', 0, id)\n    reply[#reply + 1] = id\n  end\nend\nif soonest < math.huge then reply[1] = string.format('%.3f', soonest) end\nreturn answer(reply)"};

/** Condemns brokers that were silent for their lease: from here on they settle nothing, and others settle what they held. See lua/condemn.lua. */
export function condemn(
  keys: {
    /** hash: broker id -> info as JSON */
    readonly infos: string;
    /** zset: all brokers by last seen (s); 0 for one that was condemned */
    readonly brokers: string;
    /** list: what cannot be used */
    readonly quarantine: string;
  },
  args: {
    /** the caller */
    readonly brokerId: string;
    /** how long the caller has been connected without a failure (ms) */
    readonly connectedMs: number;
    /** lease of a broker that states none (ms) */
    readonly defaultLeaseMs: number;
    /** to condemn them whenever they were seen */
    readonly certain: boolean;
    /** ids of brokers */
    readonly suspects: readonly string[];
  },
): ScriptCall {
  return { script: CONDEMN, keys: [keys.infos, keys.brokers, keys.quarantine], args: [args.brokerId, String(args.connectedMs), String(args.defaultLeaseMs), args.certain ? "1" : "0", ...args.suspects] };
}

const ENQUEUE: LuaScript = {"name":"enqueue","sha1":"585b1565422d65fe30f89ab6dae14061045e8ab7","text":"local producer = KEYS[1]\nlocal future = KEYS[2]\nlocal brokers = KEYS[3]\nlocal quarantine = KEYS[4]\nlocal FIRST_QUEUES = 5\nlocal attempt = tonumber(ARGV[1])\nlocal first_attempt = tonumber(ARGV[2])\nlocal channel = ARGV[3]\nlocal future_count = tonumber(ARGV[4])\nlocal FIRST_JOBS = 5\nlocal at = FIRST_JOBS\nlocal notes = {}\nlocal call\nlocal function set_aside(where, reason, text)\n  local note = cjson.encode({ where = where, reason = reason })\n  call('RPUSH', quarantine, note .. '\\n' .. text)\n  return note\nend\nlocal function quarantine_text(where, reason, text)\n  local note = set_aside(where, reason, text)\n  notes[#notes + 1] = note\nend\nfunction call(command, key, ...)\n  local reply = redis.pcall(command, key, ...)\n  local failure = type(reply) == 'table' and reply.err\n  if not failure then return reply end\n  if string.find(failure, 'WRONGTYPE', 1, true) then\n    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'\n    local text = redis.call('DUMP', key)\n    redis.call('DEL', key)\n    quarantine_text(key, reason, text)\n  end\n  return redis.call(command, key, ...)\nend\nlocal function write_first(zset) call('ZREM', zset, '') end\nlocal function answer(reply)\n  if #notes == 0 then return reply end\n  return { 'quarantined', notes, reply }\nend\nlocal function wake(idle, queue, count, looker)\n  local ids = {}\n  if looker then\n    call('SREM', idle, looker)\n    count = count - 1\n  end\n  while #ids < count do\n    local popped = call('SPOP', idle, count - #ids)\n    if #popped == 0 then break end\n    for _, id in ipairs(popped) do\n      if call('ZSCORE', brokers, id) then ids[#ids + 1] = id end\n    end\n  end\n  local message = queue .. '\\n' .. table.concat(ids, ',')\n  redis.call('PUBLISH', channel, looker and message .. '\\n' .. looker or message)\nend\nlocal CHUNK = 4000\nlocal REMEMBERED_S = 86400\nlocal function known_attempt()\n  local last = tonumber(call('GET', producer)) or -1\n  if first_attempt <= last then return last end\n  redis.call('SET', producer, ARGV[1], 'EX', REMEMBERED_S)\nend\nlocal function take_in(own_jobs)\n  local earliest = false\n  for _ = 1, future_count do\n    call('ZADD', future, ARGV[at], ARGV[at + 2])\n    if not earliest or tonumber(ARGV[at]) < tonumber(earliest.due) then\n      earliest = { due = ARGV[at], queue = tonumber(ARGV[at + 1]) }\n    end\n    at = at + 3\n  end\n  local names = {}\n  for key = FIRST_QUEUES, #KEYS, 2 do\n    local queue, idle, name = KEYS[key], KEYS[key + 1], ARGV[at]\n    names[#names + 1] = name\n    at = at + 1\n    local returned, looker = 0, nil\n    if own_jobs then returned, looker = own_jobs(queue, idle) end\n    local count = tonumber(ARGV[at])\n    at = at + 1\n    for first = at, at + count - 1, CHUNK do\n      call('RPUSH', queue, unpack(ARGV, first, math.min(first + CHUNK, at + count) - 1))\n    end\n    at = at + count\n    if returned + count > 0 then wake(idle, name, returned + count, looker) end\n  end\n  if earliest then\n    local first = redis.call('ZRANGE', future, 0, 0, 'WITHSCORES')\n    if tonumber(first[2]) >= tonumber(earliest.due) then\n      wake(KEYS[FIRST_QUEUES + earliest.queue * 2 - 1], names[earliest.queue], 1)\n    end\n  end\nend\nlocal known = known_attempt()\nif known then return answer(known) end\ntake_in()\nreturn answer(attempt)"};

/** Takes in jobs: the due ones to the tails of their queues, the others to the future jobs. See lua/enqueue.lua. */
export function enqueue(
  keys: {
    /** string: number of the producer's last attempt that has brought jobs */
    readonly producer: string;
    /** zset: future jobs by due time (s) */
    readonly future: string;
    /** zset: all brokers by last seen (s) */
    readonly brokers: string;
    /** list: what cannot be used */
    readonly quarantine: string;
    /** list, set: for each queue, its jobs, then the brokers that found it empty */
    readonly queues: readonly string[];
  },
  args: {
    /** number of this attempt, more than that of the last */
    readonly attempt: number;
    /** number of the first attempt to bring the first of these jobs */
    readonly firstAttempt: number;
    /** for notifications */
    readonly channel: string;
    /** number of future jobs */
    readonly futureCount: number;
    /** for each future job: due time (s), index of its queue among those of KEYS from 1, job; */
    readonly jobs: readonly string[];
  },
): ScriptCall {
  return { script: ENQUEUE, keys: [keys.producer, keys.future, keys.brokers, keys.quarantine, ...keys.queues], args: [String(args.attempt), String(args.firstAttempt), args.channel, String(args.futureCount), ...args.jobs] };
}

const ENQUEUE_OWN: LuaScript = {"name":"enqueue_own","sha1":"d02c5b97f75ae7e3ce2daeff17db1e7567f3c4d7","text":"local producer = KEYS[1]\nlocal future = KEYS[2]\nlocal brokers = KEYS[3]\nlocal running = KEYS[4]\nlocal limits = KEYS[5]\nlocal own_limits = KEYS[6]\nlocal parked = KEYS[7]\nlocal quarantine = KEYS[8]\nlocal FIRST_QUEUES = 9\nlocal attempt = tonumber(ARGV[1])\nlocal first_attempt = tonumber(ARGV[2])\nlocal broker_id = ARGV[3]\nlocal channel = ARGV[4]\nlocal future_count = tonumber(ARGV[5])\nlocal FIRST_JOBS = 6\nlocal at = FIRST_JOBS\nlocal notes = {}\nlocal call\nlocal function set_aside(where, reason, text)\n  local note = cjson.encode({ where = where, reason = reason })\n  call('RPUSH', quarantine, note .. '\\n' .. text)\n  return note\nend\nlocal function quarantine_text(where, reason, text)\n  local note = set_aside(where, reason, text)\n  notes[#notes + 1] = note\nend\nfunction call(command, key, ...)\n  local reply = redis.pcall(command, key, ...)\n  local failure = type(reply) == 'table' and reply.err\n  if not failure then return reply end\n  if string.find(failure, 'WRONGTYPE', 1, true) then\n    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'\n    local text = redis.call('DUMP', key)\n    redis.call('DEL', key)\n    quarantine_text(key, reason, text)\n  end\n  return redis.call(command, key, ...)\nend\nlocal function write_first(zset) call('ZREM', zset, '') end\nlocal function answer(reply)\n  if #notes == 0 then return reply end\n  return { 'quarantined', notes, reply }\nend\nlocal function wake(idle, queue, count, looker)\n  local ids = {}\n  if looker then\n    call('SREM', idle, looker)\n    count = count - 1\n  end\n  while #ids < count do\n    local popped = call('SPOP', idle, count - #ids)\n    if #popped == 0 then break end\n    for _, id in ipairs(popped) do\n      if call('ZSCORE', brokers, id) then ids[#ids + 1] = id end\n    end\n  end\n  local message = queue .. '\\n' .. table.concat(ids, ',')\n  redis.call('PUBLISH', channel, looker and message .. '\\n' .. looker or message)\nend\nlocal known_now\nlocal function now_s()\n  if not known_now then\n    local time = redis.call('TIME')\n    known_now = tonumber(time[1]) + tonumber(time[2]) / 1e6\n  end\n  return known_now\nend\nlocal function show_alive(score)\n  if score > now_s() or score < now_s() - 1 then\n    redis.call('ZADD', brokers, string.format('%.6f', now_s()), broker_id)\n  end\nend\nlocal CHUNK = 4000\nlocal REMEMBERED_S = 86400\nlocal function known_attempt()\n  local last = tonumber(call('GET', producer)) or -1\n  if first_attempt <= last then return last end\n  redis.call('SET', producer, ARGV[1], 'EX', REMEMBERED_S)\nend\nlocal function take_in(own_jobs)\n  local earliest = false\n  for _ = 1, future_count do\n    call('ZADD', future, ARGV[at], ARGV[at + 2])\n    if not earliest or tonumber(ARGV[at]) < tonumber(earliest.due) then\n      earliest = { due = ARGV[at], queue = tonumber(ARGV[at + 1]) }\n    end\n    at = at + 3\n  end\n  local names = {}\n  for key = FIRST_QUEUES, #KEYS, 2 do\n    local queue, idle, name = KEYS[key], KEYS[key + 1], ARGV[at]\n    names[#names + 1] = name\n    at = at + 1\n    local returned, looker = 0, nil\n    if own_jobs then returned, looker = own_jobs(queue, idle) end\n    local count = tonumber(ARGV[at])\n    at = at + 1\n    for first = at, at + count - 1, CHUNK do\n      call('RPUSH', queue, unpack(ARGV, first, math.min(first + CHUNK, at + count) - 1))\n    end\n    at = at + count\n    if returned + count > 0 then wake(idle, name, returned + count, looker) end\n  end\n  if earliest then\n    local first = redis.call('ZRANGE', future, 0, 0, 'WITHSCORES')\n    if tonumber(first[2]) >= tonumber(earliest.due) then\n      wake(KEYS[FIRST_QUEUES + earliest.queue * 2 - 1], names[earliest.queue], 1)\n    end\n  end\nend\nlocal function is_limited(task)\n  return call('HEXISTS', own_limits, task) == 1 or (tonumber(call('HGET', limits, task)) or -1) >= 0\nend\nlocal function may_take(queue, first, last)\n  if redis.call('EXISTS', queue, parked, limits, own_limits) == 0 then return true end\n  if redis.call('EXISTS', queue, parked) > 0 then return false end\n  for index = first, last, 3 do\n    if is_limited(ARGV[index + 1]) then return false end\n  end\n  return true\nend\nlocal reply = { attempt }\nlocal function own_jobs(queue, idle)\n  local count, takes_no_more = tonumber(ARGV[at]), ARGV[at + 1] == '1'\n  local first, last = at + 2, at + 1 + count * 3\n  at = last + 1\n  if count == 0 then return 0 end\n  local score = tonumber(call('ZSCORE', brokers, broker_id)) or 0\n  local jobs = {}\n  if score > 0 and may_take(queue, first, last) then\n    for index = first, last, 3 do\n      jobs[#jobs + 1] = ARGV[index]\n      jobs[#jobs + 1] = ARGV[index + 2]\n    end\n    call('HSET', running, unpack(jobs))\n    show_alive(score)\n    if takes_no_more then call('SREM', idle, broker_id) end\n    reply[#reply + 1] = queue\n    return 0\n  end\n  for index = first, last, 3 do jobs[#jobs + 1] = ARGV[index + 2] end\n  call('RPUSH', queue, unpack(jobs))\n  return count, broker_id\nend\nlocal known = known_attempt()\nif known then return answer({ known }) end\ntake_in(own_jobs)\nreturn answer(reply)"};

/** Takes in jobs as `enqueue` does, of which the caller's own broker takes the first ones of a queue: it holds them at once, as if it had fetched them right after this call. See lua/enqueue_own.lua. */
export function enqueueOwn(
  keys: {
    /** string: number of the producer's last attempt that has brought jobs */
    readonly producer: string;
    /** zset: future jobs by due time (s) */
    readonly future: string;
    /** zset: all brokers by last seen (s) */
    readonly brokers: string;
    /** hash: running jobs of the caller's broker */
    readonly running: string;
    /** hash: most jobs at once, of limited tasks */
    readonly limits: string;
    /** hash: limits that we have stated, which Python does not delete */
    readonly ownLimits: string;
    /** zset: parked jobs */
    readonly parked: string;
    /** list: what cannot be used */
    readonly quarantine: string;
    /** list, set: for each queue, its jobs, then the brokers that found it empty */
    readonly queues: readonly string[];
  },
  args: {
    /** number of this attempt, more than that of the last */
    readonly attempt: number;
    /** number of the first attempt to bring the first of these jobs */
    readonly firstAttempt: number;
    /** the caller's broker */
    readonly brokerId: string;
    /** for notifications */
    readonly channel: string;
    /** number of future jobs */
    readonly futureCount: number;
    /** for each future job: due time (s), index of its queue among those of KEYS from 1, job; */
    readonly jobs: readonly string[];
  },
): ScriptCall {
  return { script: ENQUEUE_OWN, keys: [keys.producer, keys.future, keys.brokers, keys.running, keys.limits, keys.ownLimits, keys.parked, keys.quarantine, ...keys.queues], args: [String(args.attempt), String(args.firstAttempt), args.brokerId, args.channel, String(args.futureCount), ...args.jobs] };
}

const EXCHANGE: LuaScript = {"name":"exchange","sha1":"8eb700ac8ddce0518374eb73d6e93dac89b20ba0","text":"local running = KEYS[1]\nlocal brokers = KEYS[2]\nlocal future = KEYS[3]\nlocal periodic = KEYS[4]\nlocal periodic_exact = KEYS[5]\nlocal limits = KEYS[6]\nlocal counts = KEYS[7]\nlocal parked = KEYS[8]\nlocal parked_counts = KEYS[9]\nlocal own_limits = KEYS[10]\nlocal quarantine = KEYS[11]\nlocal FIRST_QUEUES = 12\nlocal broker_id = ARGV[1]\nlocal channel = ARGV[2]\nlocal max = tonumber(ARGV[3])\nlocal max_bytes = tonumber(ARGV[4])\nlocal taking = tonumber(ARGV[5])\nlocal caller_ms = tonumber(ARGV[6])\nlocal may_be_idle = ARGV[7] == '1'\nlocal clears = ARGV[8] == '1'\nlocal FIRST_JOBS = 9\nlocal LOST = -1\nlocal MORE = 1\nlocal NO_MORE = 0\nlocal COUNTED = 0\nlocal UNCOUNTED = 1\nlocal CHUNK = 4000\nlocal notes = {}\nlocal call\nlocal function set_aside(where, reason, text)\n  local note = cjson.encode({ where = where, reason = reason })\n  call('RPUSH', quarantine, note .. '\\n' .. text)\n  return note\nend\nlocal function quarantine_text(where, reason, text)\n  local note = set_aside(where, reason, text)\n  notes[#notes + 1] = note\nend\nfunction call(command, key, ...)\n  local reply = redis.pcall(command, key, ...)\n  local failure = type(reply) == 'table' and reply.err\n  if not failure then return reply end\n  if string.find(failure, 'WRONGTYPE', 1, true) then\n    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'\n    local text = redis.call('DUMP', key)\n    redis.call('DEL', key)\n    quarantine_text(key, reason, text)\n  end\n  return redis.call(command, key, ...)\nend\nlocal function write_first(zset) call('ZREM', zset, '') end\nlocal function answer(reply)\n  if #notes == 0 then return reply end\n  return { 'quarantined', notes, reply }\nend\nlocal function wake(idle, queue, count, looker)\n  local ids = {}\n  if looker then\n    call('SREM', idle, looker)\n    count = count - 1\n  end\n  while #ids < count do\n    local popped = call('SPOP', idle, count - #ids)\n    if #popped == 0 then break end\n    for _, id in ipairs(popped) do\n      if call('ZSCORE', brokers, id) then ids[#ids + 1] = id end\n    end\n  end\n  local message = queue .. '\\n' .. table.concat(ids, ',')\n  redis.call('PUBLISH', channel, looker and message .. '\\n' .. looker or message)\nend\nlocal OWN_START, ID_FIRST, ID_LAST, QUOTE = '^{\"id\":\"', 8, 43, 34\nlocal sub, byte, find = string.sub, string.byte, string.find\nlocal NO_JOB = 'not a job: it must be JSON with the texts id, task_name and queue'\nlocal function string_at(text, first)\n  local at = first\n  while true do\n    local quote = string.find(text, '\"', at, true)\n    if not quote then return nil end\n    local slashes = 0\n    while string.sub(text, quote - 1 - slashes, quote - 1 - slashes) == '\\\\' do slashes = slashes + 1 end\n    if slashes % 2 == 0 then\n      local raw = string.sub(text, first, quote - 1)\n      if not string.find(raw, '\\\\', 1, true) then return raw, quote end\n      local ok, list = pcall(cjson.decode, '[\"' .. raw .. '\"]')\n      return ok and list[1] or nil, quote\n    end\n    at = quote + 1\n  end\nend\nlocal function is_own(job)\n  return byte(job, ID_LAST + 1) == QUOTE and find(job, OWN_START)\nend\nlocal function parse(job)\n  if is_own(job) then\n    local _, before = string.find(job, '^,\"status\":%d,\"task_name\":\"', ID_LAST + 2)\n    local task, quote = string_at(job, (before or #job) + 1)\n    local _, before_queue = string.find(job, '^,\"queue\":\"', (quote or #job) + 1)\n    local queue = string_at(job, (before_queue or #job) + 1)\n    if task and queue then return string.sub(job, ID_FIRST, ID_LAST), task, queue end\n  end\n  local ok, decoded = pcall(cjson.decode, job)\n  if not ok or type(decoded) ~= 'table' then return nil end\n  local id, task, queue = decoded.id, decoded.task_name, decoded.queue\n  if type(id) ~= 'string' or type(task) ~= 'string' or type(queue) ~= 'string' then return nil end\n  return id, task, queue\nend\nlocal function id_of(job)\n  if is_own(job) then return sub(job, ID_FIRST, ID_LAST) end\n  return (parse(job))\nend\nlocal function task_of(job)\n  local _, task = parse(job)\n  return task\nend\nlocal function first_score(key)\n  local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')\n  return first[2] and tonumber(first[2]) or math.huge\nend\nlocal function next_due()\n  return math.min(first_score(future), first_score(periodic), first_score(periodic_exact))\nend\nlocal known_now\nlocal function now_s()\n  if not known_now then\n    local time = redis.call('TIME')\n    known_now = tonumber(time[1]) + tonumber(time[2]) / 1e6\n  end\n  return known_now\nend\nlocal function show_alive(score)\n  if score > now_s() or score < now_s() - 1 then\n    redis.call('ZADD', brokers, string.format('%.6f', now_s()), broker_id)\n  end\nend\nlocal score = tonumber(call('ZSCORE', brokers, broker_id)) or 0\nif score <= 0 then return answer({ LOST }) end\nlocal at = FIRST_JOBS\nlocal queue_names, index_of = {}, {}\nfor index = 1, (#KEYS - FIRST_QUEUES + 1) / 2 do\n  queue_names[index] = ARGV[at]\n  index_of[ARGV[at]] = index\n  at = at + 1\nend\nlocal function queue_key(index) return KEYS[FIRST_QUEUES + (index - 1) * 2] end\nlocal function idle_key(index) return KEYS[FIRST_QUEUES + (index - 1) * 2 + 1] end\nlocal has_extras = redis.call('EXISTS', own_limits, limits, parked, future, periodic, periodic_exact) > 0\nlocal limit_by_task, places\nlocal is_uncounted = {}\nlocal changed, freed = {}, {}\nlocal function pairs_to_table(list)\n  local result = {}\n  for index = 1, #list, 2 do result[list[index]] = tonumber(list[index + 1]) end\n  return result\nend\nlocal function read_limits()\n  if redis.call('EXISTS', own_limits, limits, parked) == 0 then return end\n  limit_by_task = pairs_to_table(call('HGETALL', limits))\n  places = pairs_to_table(call('HGETALL', counts))\n  for _, task in ipairs(call('HKEYS', own_limits)) do\n    if not limit_by_task[task] or not places[task] then is_uncounted[task] = true end\n  end\nend\nlocal function limit_of(task)\n  if is_uncounted[task] then return 0 end\n  local limit = limit_by_task and limit_by_task[task]\n  if limit and limit >= 0 then return limit end\nend\nlocal function add_place(task, by)\n  places[task] = (places[task] or 0) + by\n  changed[task] = true\nend\nlocal function free_place(job)\n  local task = limit_by_task and task_of(job)\n  if task and limit_of(task) and not is_uncounted[task] then\n    add_place(task, -1)\n    freed[task] = true\n  end\nend\nlocal function save_places()\n  for task in pairs(changed) do call('HSET', counts, task, math.max(0, places[task])) end\nend\nlocal BOUND = 1000\nlocal jobs_taken, held, taken = {}, {}, 0\nlocal looked = 0\nlocal looked_bytes = 0\nlocal function take(id, job)\n  taken = taken + 1\n  jobs_taken[taken] = job\n  held[taken * 2 - 1] = id\n  held[taken * 2] = job\nend\nlocal function wanted()\n  if looked_bytes >= max_bytes then return 0 end\n  return math.min(max - taken, BOUND - looked)\nend\nlocal function fitting(jobs)\n  local bytes = looked_bytes\n  for index = 1, #jobs do\n    local more = bytes + #jobs[index]\n    if more > max_bytes and bytes > 0 then\n      looked, looked_bytes = looked + index - 1, max_bytes\n      return index - 1\n    end\n    bytes = more\n  end\n  looked, looked_bytes = looked + #jobs, bytes\n  return #jobs\nend\nlocal function hold_taken()\n  for first = 1, taken * 2, CHUNK do\n    call('HSET', running, unpack(held, first, math.min(first + CHUNK - 1, taken * 2)))\n  end\n  if taken > 0 then show_alive(score) end\nend\nlocal PARK_BASE = 5e15\nlocal function field(task, queue) return task .. '\\0' .. queue end\nlocal function park(task, queue, job, direction)\n  local number = call('HINCRBY', parked_counts, direction, direction == '-' and -1 or 1)\n  local place = string.format('%016.0f', PARK_BASE + number)\n  call('ZADD', parked, 0, field(task, queue) .. '\\0' .. place .. '\\0' .. job)\n  call('HINCRBY', parked_counts, field(task, queue), 1)\nend\nlocal function take_parked(queue)\n  local names = call('HGETALL', parked_counts)\n  for index = 1, #names, 2 do\n    local task, its_queue = string.match(names[index], '^(.*)%z(.*)$')\n    local limit = task and limit_of(task)\n    local its_places = limit and limit - (places[task] or 0) or math.huge\n    local free = math.min(its_places, wanted())\n    if its_queue == queue and free > 0 then\n      local prefix = names[index] .. '\\0'\n      local members =\n        call('ZRANGEBYLEX', parked, '[' .. prefix, '(' .. names[index] .. '\\1', 'LIMIT', 0, free)\n      local jobs = {}\n      for at_member, member in ipairs(members) do jobs[at_member] = string.sub(member, #prefix + 18) end\n      local last = fitting(jobs)\n      for at_job = 1, last do\n        call('ZREM', parked, members[at_job])\n        if limit then add_place(task, 1) end\n        take(id_of(jobs[at_job]), jobs[at_job])\n      end\n      local are_all = #members < free and last == #members\n      if are_all or call('HINCRBY', parked_counts, names[index], -last) <= 0 then\n        call('HDEL', parked_counts, names[index])\n      end\n    end\n  end\nend\nlocal function wake_parked(task)\n  local free = limit_of(task) - math.max(0, places[task])\n  if free <= 0 then return end\n  local names = call('HGETALL', parked_counts)\n  for index = 1, #names, 2 do\n    local its_task, queue = string.match(names[index], '^(.*)%z(.*)$')\n    if its_task == task then\n      if index_of[queue] then\n        wake(idle_key(index_of[queue]), queue, math.min(free, tonumber(names[index + 1])))\n      else\n        redis.call('PUBLISH', channel, queue .. '\\n')\n      end\n    end\n  end\nend\nlocal function take_all(jobs, last, key)\n  local count = taken\n  for index = 1, last do\n    local job = jobs[index]\n    local id = id_of(job)\n    if id then\n      count = count + 1\n      jobs_taken[count] = job\n      held[count * 2 - 1] = id\n      held[count * 2] = job\n    else\n      quarantine_text(key, NO_JOB, job)\n    end\n  end\n  taken = count\nend\nlocal function take_within_limits(jobs, last, key, queue)\n  for index = 1, last do\n    local job = jobs[index]\n    local id, task = parse(job)\n    local limit = task and limit_of(task)\n    if not id then\n      quarantine_text(key, NO_JOB, job)\n    elseif limit and (places[task] or 0) >= limit then\n      park(task, queue, job, '+')\n    else\n      if limit then add_place(task, 1) end\n      take(id, job)\n    end\n  end\nend\nlocal function put_back(jobs, first, key)\n  local rest = {}\n  for index = #jobs, first, -1 do rest[#rest + 1] = jobs[index] end\n  call('LPUSH', key, unpack(rest))\nend\nlocal function take_ready(key, queue)\n  local take_jobs = limit_by_task and take_within_limits or take_all\n  while wanted() > 0 do\n    local count = wanted()\n    local jobs = call('LPOP', key, count)\n    if not jobs then return false end\n    local last = fitting(jobs)\n    if last < #jobs then put_back(jobs, last + 1, key) end\n    take_jobs(jobs, last, key, queue)\n    if #jobs < count then return last < #jobs end\n  end\n  return true\nend\nlocal function next_text()\n  at = at + 1\n  return ARGV[at - 1]\nend\nlocal function next_number() return tonumber(next_text()) end\nlocal function settle_done()\n  local done = {}\n  local packed = next_number()\n  local packed_ids = next_text()\n  for index = 1, packed do done[index] = sub(packed_ids, index * 36 - 35, index * 36) end\n  for _ = 1, next_number() do done[#done + 1] = next_text() end\n  for first = 1, #done, CHUNK do\n    local last = math.min(first + CHUNK - 1, #done)\n    if limit_by_task then\n      local is_free = {}\n      for index, job in ipairs(call('HMGET', running, unpack(done, first, last))) do\n        local id = done[first + index - 1]\n        if job and not is_free[id] then free_place(job) end\n        is_free[id] = true\n      end\n    end\n    call('HDEL', running, unpack(done, first, last))\n  end\nend\nlocal function settle_unreadable()\n  for _ = 1, next_number() do\n    local id, reason = next_text(), next_text()\n    local job = call('HGET', running, id)\n    if job then\n      free_place(job)\n      call('HDEL', running, id)\n      set_aside(running, reason, job)\n    end\n  end\nend\nlocal function settle_retried()\n  for _ = 1, next_number() do\n    local id, due_ms, index, replaced, job = next_text(), next_number(), next_number(), next_number(), next_text()\n    local wait_ms = due_ms - caller_ms\n    local held = replaced and call('HGET', running, id)\n    if held then job = job .. sub(held, replaced + 1) end\n    if call('HDEL', running, id) == 1 then\n      free_place(job)\n      if wait_ms <= 0 then\n        call('RPUSH', queue_key(index), job)\n      else\n        call('ZADD', future, string.format('%.6f', now_s() + wait_ms / 1000), job)\n        has_extras = true\n      end\n      wake(idle_key(index), queue_names[index], 1)\n    end\n  end\nend\nlocal function settle_released()\n  local released = next_number()\n  for number = released, 1, -1 do\n    local id, index, job = unpack(ARGV, at + (number - 1) * 3, at + number * 3 - 1)\n    index = tonumber(index)\n    if job == '' then job = call('HGET', running, id) end\n    if call('HDEL', running, id) == 1 then\n      free_place(job)\n      local task = limit_by_task and task_of(job)\n      if task and limit_of(task) then\n        park(task, queue_names[index], job, '-')\n      else\n        call('LPUSH', queue_key(index), job)\n      end\n      local was_idle = call('SREM', idle_key(index), broker_id) == 1\n      wake(idle_key(index), queue_names[index], 1)\n      if was_idle then call('SADD', idle_key(index), broker_id) end\n    end\n  end\nend\nif has_extras then read_limits() end\nsettle_done()\nsettle_unreadable()\nsettle_retried()\nsettle_released()\nlocal may_hold_more = NO_MORE\nif max > 0 then\n  for index = 1, taking do\n    local queue = queue_names[index]\n    if limit_by_task then take_parked(queue) end\n    if take_ready(queue_key(index), queue) then\n      may_hold_more = MORE\n      if may_be_idle then call('SREM', idle_key(index), broker_id) end\n    else\n      call('SADD', idle_key(index), broker_id)\n      if clears then redis.call('PUBLISH', channel, queue .. '\\nclear') end\n    end\n  end\n  hold_taken()\nend\nsave_places()\nfor task in pairs(freed) do wake_parked(task) end\nlocal due_at = has_extras and next_due() or math.huge\nlocal due = ''\nif due_at < math.huge then due = string.format('%.3f', math.max(0, (due_at - now_s()) * 1000)) end\nreturn answer({ may_hold_more, due, jobs_taken, next(is_uncounted) and UNCOUNTED or COUNTED })"};

/** Settles jobs that ended, then takes jobs from queues. See lua/exchange.lua. */
export function exchange(
  keys: {
    /** hash: running jobs of the broker */
    readonly running: string;
    /** zset: all brokers by last seen (s) */
    readonly brokers: string;
    /** zset: future jobs by due time (s) */
    readonly future: string;
    /** zset: periodic tasks by the second that their next run is due by */
    readonly periodic: string;
    /** zset: periodic tasks by next run (s) */
    readonly periodicExact: string;
    /** hash: most jobs at once, of limited tasks */
    readonly limits: string;
    /** hash: running now, of limited tasks */
    readonly counts: string;
    /** zset: parked jobs, all scores 0: task NUL queue NUL number NUL job */
    readonly parked: string;
    /** hash: task NUL queue -> number of parked jobs; '+' and '-' -> last numbers used */
    readonly parkedCounts: string;
    /** hash: limits that we have stated, which Python does not delete */
    readonly ownLimits: string;
    /** list: what cannot be used */
    readonly quarantine: string;
    /** list, set: for each queue, those to take from first: its jobs, then the brokers that */
    readonly queues: readonly string[];
  },
  args: {
    /** the caller */
    readonly brokerId: string;
    /** for notifications */
    readonly channel: string;
    /** most jobs to take */
    readonly max: number;
    /** most bytes of them together; one is taken, however large */
    readonly maxBytes: number;
    /** number of queues to take from */
    readonly taking: number;
    /** the caller's clock (epoch ms) */
    readonly callerMs: number;
    /** whether it may be among those that found a queue to take from empty */
    readonly mayBeIdle: boolean;
    /** whether to tell the others, if it leaves a queue empty, that they need not look */
    readonly clears: boolean;
    /** for each queue of KEYS: its name */
    readonly jobs: readonly string[];
  },
): ScriptCall {
  return { script: EXCHANGE, keys: [keys.running, keys.brokers, keys.future, keys.periodic, keys.periodicExact, keys.limits, keys.counts, keys.parked, keys.parkedCounts, keys.ownLimits, keys.quarantine, ...keys.queues], args: [args.brokerId, args.channel, String(args.max), String(args.maxBytes), String(args.taking), String(args.callerMs), args.mayBeIdle ? "1" : "0", args.clears ? "1" : "0", ...args.jobs] };
}

/** Codes in its replies. */
export const exchangeCodes = { LOST: -1, MORE: 1, NO_MORE: 0, COUNTED: 0, UNCOUNTED: 1 } as const;

const HEARTBEAT: LuaScript = {"name":"heartbeat","sha1":"c6600021e041ded2596a7d8e10bb8a19ecf7a4d4","text":"local infos = KEYS[1]\nlocal brokers = KEYS[2]\nlocal running = KEYS[3]\nlocal quarantine = KEYS[4]\nlocal broker_id = ARGV[1]\nlocal info = ARGV[2]\nlocal joins = ARGV[3] == '1'\nlocal idle_s = tonumber(ARGV[4])\nlocal LOST = -1\nlocal HOLDS_JOBS = 1\nlocal IDLE = 0\nlocal time = redis.call('TIME')\nlocal now = tonumber(time[1]) + tonumber(time[2]) / 1e6\nlocal notes = {}\nlocal call\nlocal function set_aside(where, reason, text)\n  local note = cjson.encode({ where = where, reason = reason })\n  call('RPUSH', quarantine, note .. '\\n' .. text)\n  return note\nend\nlocal function quarantine_text(where, reason, text)\n  local note = set_aside(where, reason, text)\n  notes[#notes + 1] = note\nend\nfunction call(command, key, ...)\n  local reply = redis.pcall(command, key, ...)\n  local failure = type(reply) == 'table' and reply.err\n  if not failure then return reply end\n  if string.find(failure, 'WRONGTYPE', 1, true) then\n    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'\n    local text = redis.call('DUMP', key)\n    redis.call('DEL', key)\n    quarantine_text(key, reason, text)\n  end\n  return redis.call(command, key, ...)\nend\nlocal function write_first(zset) call('ZREM', zset, '') end\nlocal function answer(reply)\n  if #notes == 0 then return reply end\n  return { 'quarantined', notes, reply }\nend\nlocal seen_before = tonumber(call('ZSCORE', brokers, broker_id)) or 0\nif not joins and seen_before <= 0 then return answer({ LOST }) end\nwrite_first(brokers)\nif joins then\n  local text = string.gsub(info, 'LAST_SEEN', time[1])\n  call('HSET', infos, broker_id, text)\nend\nlocal holds_jobs = call('EXISTS', running) == 1\nlocal seen = holds_jobs and now or now + idle_s\ncall('ZADD', brokers, string.format('%.6f', seen), broker_id)\nreturn answer({ holds_jobs and HOLDS_JOBS or IDLE, string.format('%.6f', now) })"};

/** Says that a broker is alive. See lua/heartbeat.lua. */
export function heartbeat(
  keys: {
    /** hash: broker id -> info as JSON */
    readonly infos: string;
    /** zset: all brokers by last seen (s); 0 for one that was condemned */
    readonly brokers: string;
    /** hash: running jobs of the broker */
    readonly running: string;
    /** list: what cannot be used */
    readonly quarantine: string;
  },
  args: {
    /** the caller */
    readonly brokerId: string;
    /** its info as JSON, but for last_seen_at, whose value is the text LAST_SEEN */
    readonly info: string;
    /** to join the cluster, rather than to stay in it */
    readonly joins: boolean;
    /** how long one that holds no job counts as seen, from now (s) */
    readonly idleS: number;
  },
): ScriptCall {
  return { script: HEARTBEAT, keys: [keys.infos, keys.brokers, keys.running, keys.quarantine], args: [args.brokerId, args.info, args.joins ? "1" : "0", String(args.idleS)] };
}

/** Codes in its replies. */
export const heartbeatCodes = { LOST: -1, HOLDS_JOBS: 1, IDLE: 0 } as const;

const HELD_IDS: LuaScript = {"name":"held_ids","sha1":"f4f56650cf31fdddfaa59f1f3051933a90a6553e","text":"local running = KEYS[1]\nlocal quarantine = KEYS[2]\nlocal notes = {}\nlocal call\nlocal function set_aside(where, reason, text)\n  local note = cjson.encode({ where = where, reason = reason })\n  call('RPUSH', quarantine, note .. '\\n' .. text)\n  return note\nend\nlocal function quarantine_text(where, reason, text)\n  local note = set_aside(where, reason, text)\n  notes[#notes + 1] = note\nend\nfunction call(command, key, ...)\n  local reply = redis.pcall(command, key, ...)\n  local failure = type(reply) == 'table' and reply.err\n  if not failure then return reply end\n  if string.find(failure, 'WRONGTYPE', 1, true) then\n    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'\n    local text = redis.call('DUMP', key)\n    redis.call('DEL', key)\n    quarantine_text(key, reason, text)\n  end\n  return redis.call(command, key, ...)\nend\nlocal function write_first(zset) call('ZREM', zset, '') end\nlocal function answer(reply)\n  if #notes == 0 then return reply end\n  return { 'quarantined', notes, reply }\nend\nreturn answer(call('HKEYS', running))"};

/** The ids of the jobs that a broker holds. See lua/held_ids.lua. */
export function heldIds(
  keys: {
    /** hash: running jobs of the broker */
    readonly running: string;
    /** list: what cannot be used */
    readonly quarantine: string;
  },
): ScriptCall {
  return { script: HELD_IDS, keys: [keys.running, keys.quarantine], args: [] };
}

const HELD_JOBS: LuaScript = {"name":"held_jobs","sha1":"6e5ed8fcb0a0d340a19e84aca1e553d61fbd6e5f","text":"local running = KEYS[1]\nlocal quarantine = KEYS[2]\nlocal max_bytes = tonumber(ARGV[1])\nlocal only_heads = ARGV[2] == '1'\nlocal FIRST_IDS = 3\nlocal notes = {}\nlocal call\nlocal function set_aside(where, reason, text)\n  local note = cjson.encode({ where = where, reason = reason })\n  call('RPUSH', quarantine, note .. '\\n' .. text)\n  return note\nend\nlocal function quarantine_text(where, reason, text)\n  local note = set_aside(where, reason, text)\n  notes[#notes + 1] = note\nend\nfunction call(command, key, ...)\n  local reply = redis.pcall(command, key, ...)\n  local failure = type(reply) == 'table' and reply.err\n  if not failure then return reply end\n  if string.find(failure, 'WRONGTYPE', 1, true) then\n    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'\n    local text = redis.call('DUMP', key)\n    redis.call('DEL', key)\n    quarantine_text(key, reason, text)\n  end\n  return redis.call(command, key, ...)\nend\nlocal function write_first(zset) call('ZREM', zset, '') end\nlocal function answer(reply)\n  if #notes == 0 then return reply end\n  return { 'quarantined', notes, reply }\nend\nlocal OWN_START, ID_FIRST, ID_LAST, QUOTE = '^{\"id\":\"', 8, 43, 34\nlocal sub, byte, find = string.sub, string.byte, string.find\nlocal NO_JOB = 'not a job: it must be JSON with the texts id, task_name and queue'\nlocal function string_at(text, first)\n  local at = first\n  while true do\n    local quote = string.find(text, '\"', at, true)\n    if not quote then return nil end\n    local slashes = 0\n    while string.sub(text, quote - 1 - slashes, quote - 1 - slashes) == '\\\\' do slashes = slashes + 1 end\n    if slashes % 2 == 0 then\n      local raw = string.sub(text, first, quote - 1)\n      if not string.find(raw, '\\\\', 1, true) then return raw, quote end\n      local ok, list = pcall(cjson.decode, '[\"' .. raw .. '\"]')\n      return ok and list[1] or nil, quote\n    end\n    at = quote + 1\n  end\nend\nlocal function is_own(job)\n  return byte(job, ID_LAST + 1) == QUOTE and find(job, OWN_START)\nend\nlocal function parse(job)\n  if is_own(job) then\n    local _, before = string.find(job, '^,\"status\":%d,\"task_name\":\"', ID_LAST + 2)\n    local task, quote = string_at(job, (before or #job) + 1)\n    local _, before_queue = string.find(job, '^,\"queue\":\"', (quote or #job) + 1)\n    local queue = string_at(job, (before_queue or #job) + 1)\n    if task and queue then return string.sub(job, ID_FIRST, ID_LAST), task, queue end\n  end\n  local ok, decoded = pcall(cjson.decode, job)\n  if not ok or type(decoded) ~= 'table' then return nil end\n  local id, task, queue = decoded.id, decoded.task_name, decoded.queue\n  if type(id) ~= 'string' or type(task) ~= 'string' or type(queue) ~= 'string' then return nil end\n  return id, task, queue\nend\nlocal function id_of(job)\n  if is_own(job) then return sub(job, ID_FIRST, ID_LAST) end\n  return (parse(job))\nend\nlocal function task_of(job)\n  local _, task = parse(job)\n  return task\nend\nlocal MAX_READ = 1024 * 1024\nlocal LONG = 1024\nlocal function head_of(job)\n  if not only_heads or #job <= LONG or not is_own(job) then return job, 0 end\n  local args = find(sub(job, 1, LONG), ',\"task_args\":', 1, true)\n  if not args then return job, 0 end\n  return sub(job, 1, args - 1), 1\nend\nlocal reply, read, given = {}, 0, 0\nfor index = FIRST_IDS, #ARGV do\n  local job = call('HGET', running, ARGV[index]) or ''\n  local text, left_out = head_of(job)\n  read, given = read + #job, given + #text\n  if #reply > 0 and (read > MAX_READ or given > max_bytes) then break end\n  reply[#reply + 1], reply[#reply + 2] = text, left_out\nend\nreturn answer(reply)"};

/** Jobs that a broker holds, as many as its bytes allow. See lua/held_jobs.lua. */
export function heldJobs(
  keys: {
    /** hash: running jobs of the broker */
    readonly running: string;
    /** list: what cannot be used */
    readonly quarantine: string;
  },
  args: {
    /** most bytes to return; one job is returned, however large */
    readonly maxBytes: number;
    /** to leave out the arguments where they are the last members of a long text, as in ours */
    readonly onlyHeads: boolean;
    /** of the jobs */
    readonly ids: readonly string[];
  },
): ScriptCall {
  return { script: HELD_JOBS, keys: [keys.running, keys.quarantine], args: [String(args.maxBytes), args.onlyHeads ? "1" : "0", ...args.ids] };
}

const IS_QUEUE_EMPTY: LuaScript = {"name":"is_queue_empty","sha1":"5f5eb9df811e355d2b53662fcc150a16e97e97fa","text":"local jobs = KEYS[1]\nlocal parked_counts = KEYS[2]\nlocal quarantine = KEYS[3]\nlocal queue = ARGV[1]\nlocal EMPTY = 1\nlocal NOT_EMPTY = 0\nlocal notes = {}\nlocal call\nlocal function set_aside(where, reason, text)\n  local note = cjson.encode({ where = where, reason = reason })\n  call('RPUSH', quarantine, note .. '\\n' .. text)\n  return note\nend\nlocal function quarantine_text(where, reason, text)\n  local note = set_aside(where, reason, text)\n  notes[#notes + 1] = note\nend\nfunction call(command, key, ...)\n  local reply = redis.pcall(command, key, ...)\n  local failure = type(reply) == 'table' and reply.err\n  if not failure then return reply end\n  if string.find(failure, 'WRONGTYPE', 1, true) then\n    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'\n    local text = redis.call('DUMP', key)\n    redis.call('DEL', key)\n    quarantine_text(key, reason, text)\n  end\n  return redis.call(command, key, ...)\nend\nlocal function write_first(zset) call('ZREM', zset, '') end\nlocal function answer(reply)\n  if #notes == 0 then return reply end\n  return { 'quarantined', notes, reply }\nend\nif call('LLEN', jobs) > 0 then return answer(NOT_EMPTY) end\nfor _, name in ipairs(call('HKEYS', parked_counts)) do\n  if string.match(name, '%z(.*)$') == queue then return answer(NOT_EMPTY) end\nend\nreturn answer(EMPTY)"};

/** Whether a queue has neither ready jobs nor jobs parked behind a limit. See lua/is_queue_empty.lua. */
export function isQueueEmpty(
  keys: {
    /** list: the queue */
    readonly jobs: string;
    /** hash: task NUL queue -> number of parked jobs */
    readonly parkedCounts: string;
    /** list: what cannot be used */
    readonly quarantine: string;
  },
  args: {
    /** its name */
    readonly queue: string;
  },
): ScriptCall {
  return { script: IS_QUEUE_EMPTY, keys: [keys.jobs, keys.parkedCounts, keys.quarantine], args: [args.queue] };
}

/** Codes in its replies. */
export const isQueueEmptyCodes = { EMPTY: 1, NOT_EMPTY: 0 } as const;

const LEAVE: LuaScript = {"name":"leave","sha1":"3446201fc176567716b40458b673ffe27f17e833","text":"local infos = KEYS[1]\nlocal brokers = KEYS[2]\nlocal running = KEYS[3]\nlocal broker_id = ARGV[1]\nlocal OUT = 1\nlocal HOLDS_JOBS = 0\nif redis.call('EXISTS', running) == 1 then return HOLDS_JOBS end\nredis.call('HDEL', infos, broker_id)\nredis.call('ZREM', brokers, broker_id)\nreturn OUT"};

/** Takes a broker that holds no job out of the cluster. See lua/leave.lua. */
export function leave(
  keys: {
    /** hash: broker id -> info as JSON */
    readonly infos: string;
    /** zset: all brokers by last seen (s) */
    readonly brokers: string;
    /** hash: running jobs of the broker */
    readonly running: string;
  },
  args: {
    /** who leaves */
    readonly brokerId: string;
  },
): ScriptCall {
  return { script: LEAVE, keys: [keys.infos, keys.brokers, keys.running], args: [args.brokerId] };
}

/** Codes in its replies. */
export const leaveCodes = { OUT: 1, HOLDS_JOBS: 0 } as const;

const LEAVE_IDLE: LuaScript = {"name":"leave_idle","sha1":"65f63b60b7192bb8397cf6675f28f7059e8e36af","text":"local FIRST_IDLE = 1\nlocal broker_id = ARGV[1]\nfor _, key in ipairs(KEYS) do redis.call('SREM', key, broker_id) end\nreturn 1"};

/** Takes a broker out of those that found queues empty. See lua/leave_idle.lua. */
export function leaveIdle(
  keys: {
    /** set: for each queue, the brokers that found it empty */
    readonly idle: readonly string[];
  },
  args: {
    /** who leaves */
    readonly brokerId: string;
  },
): ScriptCall {
  return { script: LEAVE_IDLE, keys: [...keys.idle], args: [args.brokerId] };
}

const REGISTER: LuaScript = {"name":"register","sha1":"e37f480e301b10d837d2713638a1aff7e441d9c3","text":"local periodic_tasks = KEYS[1]\nlocal periodic = KEYS[2]\nlocal periodic_exact = KEYS[3]\nlocal limits = KEYS[4]\nlocal counts = KEYS[5]\nlocal stated = KEYS[6]\nlocal parked_counts = KEYS[7]\nlocal brokers = KEYS[8]\nlocal own_limits = KEYS[9]\nlocal own_periodic = KEYS[10]\nlocal quarantine = KEYS[11]\nlocal FIRST_RUNNING = 12\nlocal broker_id = ARGV[1]\nlocal channel = ARGV[2]\nlocal remembered_s = tonumber(ARGV[3])\nlocal task_count = tonumber(ARGV[4])\nlocal FIRST_TASKS = 5\nlocal LOST = -1\nlocal MUST_COUNT = 1\nlocal REGISTERED = 0\nlocal time = redis.call('TIME')\nlocal now = tonumber(time[1]) + tonumber(time[2]) / 1e6\nlocal FIELDS = 4\nlocal ASLEEP_S = 600\nlocal notes = {}\nlocal call\nlocal function set_aside(where, reason, text)\n  local note = cjson.encode({ where = where, reason = reason })\n  call('RPUSH', quarantine, note .. '\\n' .. text)\n  return note\nend\nlocal function quarantine_text(where, reason, text)\n  local note = set_aside(where, reason, text)\n  notes[#notes + 1] = note\nend\nfunction call(command, key, ...)\n  local reply = redis.pcall(command, key, ...)\n  local failure = type(reply) == 'table' and reply.err\n  if not failure then return reply end\n  if string.find(failure, 'WRONGTYPE', 1, true) then\n    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'\n    local text = redis.call('DUMP', key)\n    redis.call('DEL', key)\n    quarantine_text(key, reason, text)\n  end\n  return redis.call(command, key, ...)\nend\nlocal function write_first(zset) call('ZREM', zset, '') end\nlocal function answer(reply)\n  if #notes == 0 then return reply end\n  return { 'quarantined', notes, reply }\nend\nlocal OWN_START, ID_FIRST, ID_LAST, QUOTE = '^{\"id\":\"', 8, 43, 34\nlocal sub, byte, find = string.sub, string.byte, string.find\nlocal NO_JOB = 'not a job: it must be JSON with the texts id, task_name and queue'\nlocal function string_at(text, first)\n  local at = first\n  while true do\n    local quote = string.find(text, '\"', at, true)\n    if not quote then return nil end\n    local slashes = 0\n    while string.sub(text, quote - 1 - slashes, quote - 1 - slashes) == '\\\\' do slashes = slashes + 1 end\n    if slashes % 2 == 0 then\n      local raw = string.sub(text, first, quote - 1)\n      if not string.find(raw, '\\\\', 1, true) then return raw, quote end\n      local ok, list = pcall(cjson.decode, '[\"' .. raw .. '\"]')\n      return ok and list[1] or nil, quote\n    end\n    at = quote + 1\n  end\nend\nlocal function is_own(job)\n  return byte(job, ID_LAST + 1) == QUOTE and find(job, OWN_START)\nend\nlocal function parse(job)\n  if is_own(job) then\n    local _, before = string.find(job, '^,\"status\":%d,\"task_name\":\"', ID_LAST + 2)\n    local task, quote = string_at(job, (before or #job) + 1)\n    local _, before_queue = string.find(job, '^,\"queue\":\"', (quote or #job) + 1)\n    local queue = string_at(job, (before_queue or #job) + 1)\n    if task and queue then return string.sub(job, ID_FIRST, ID_LAST), task, queue end\n  end\n  local ok, decoded = pcall(cjson.decode, job)\n  if not ok or type(decoded) ~= 'table' then return nil end\n  local id, task, queue = decoded.id, decoded.task_name, decoded.queue\n  if type(id) ~= 'string' or type(task) ~= 'string' or type(queue) ~= 'string' then return nil end\n  return id, task, queue\nend\nlocal function id_of(job)\n  if is_own(job) then return sub(job, ID_FIRST, ID_LAST) end\n  return (parse(job))\nend\nlocal function task_of(job)\n  local _, task = parse(job)\n  return task\nend\nlocal function period_of(task)\n  return task.period_ms and task.period_ms / 1000 or task.periodicity\nend\nlocal function next_run_of(name)\n  local second = tonumber(call('ZSCORE', periodic, name))\n  local exact = tonumber(call('ZSCORE', periodic_exact, name))\n  if second and exact and math.ceil(exact) == second then return exact end\n  return second\nend\nlocal function plan(name, at)\n  local exact = string.format('%.6f', at)\n  call('ZADD', periodic, string.format('%.0f', math.ceil(tonumber(exact))), name)\n  call('ZADD', periodic_exact, exact, name)\nend\nlocal function unplan(name)\n  call('ZREM', periodic, name)\n  call('ZREM', periodic_exact, name)\nend\nlocal function bring_back(name)\n  local text = call('HGET', own_periodic, name)\n  local exact = text and tonumber(call('ZSCORE', periodic_exact, name))\n  if not exact then return end\n  call('HSET', periodic_tasks, name, text)\n  plan(name, exact)\n  return text, exact\nend\nif (tonumber(call('ZSCORE', brokers, broker_id)) or 0) <= 0 then return answer({ LOST }) end\nlocal names = {}\nfor index = 1, task_count do names[index] = ARGV[FIRST_TASKS + (index - 1) * FIELDS] end\nlocal function values(key)\n  if task_count == 0 then return {} end\n  return call('HMGET', key, unpack(names))\nend\nlocal known_tasks, known_limits = values(periodic_tasks), values(limits)\nlocal function stated_period(text)\n  local readable, task = pcall(cjson.decode, text or 'null')\n  return readable and type(task) == 'table' and tonumber(period_of(task))\nend\nlocal function forget_period(name)\n  call('HDEL', periodic_tasks, name)\n  call('HDEL', own_periodic, name)\n  unplan(name)\nend\nlocal function state_period(name, period, text, known)\n  if period <= 0 then\n    if known or call('HEXISTS', own_periodic, name) == 1 then forget_period(name) end\n    return\n  end\n  if not known then known = bring_back(name) end\n  local next_run = next_run_of(name)\n  if stated_period(known) ~= period or not next_run or next_run > now + period + 1 then\n    plan(name, now + period)\n  end\n  if known ~= text then call('HSET', periodic_tasks, name, text) end\n  if call('HGET', own_periodic, name) ~= text then call('HSET', own_periodic, name, text) end\nend\nlocal uncounted, has_new_limit = {}, false\nlocal function count_if_new(name, known_limit)\n  if known_limit and call('HEXISTS', counts, name) == 1 then return end\n  has_new_limit = true\n  uncounted[name] = 0\nend\nlocal deleted, is_named = {}, {}\nfor index = 1, task_count do\n  local limit = tonumber(ARGV[FIRST_TASKS + (index - 1) * FIELDS + 2])\n  is_named[names[index]] = true\n  if limit >= 0 then count_if_new(names[index], known_limits[index]) end\nend\nlocal own, own_fields = {}, call('HGETALL', own_limits)\nfor index = 1, #own_fields, 2 do own[own_fields[index]] = own_fields[index + 1] end\nfor name, limit in pairs(own) do\n  if not is_named[name] then\n    local known = call('HGET', limits, name)\n    if not known then deleted[name] = limit end\n    count_if_new(name, known)\n  end\nend\nif has_new_limit then\n  local is_given = {}\n  for key = FIRST_RUNNING, #KEYS do\n    is_given[ARGV[FIRST_TASKS + task_count * FIELDS + key - FIRST_RUNNING]] = true\n  end\n  local missing = { MUST_COUNT }\n  for _, id in ipairs(call('ZRANGE', brokers, 0, -1)) do\n    if not is_given[id] then missing[#missing + 1] = id end\n  end\n  if #missing > 1 then return answer(missing) end\n  for key = FIRST_RUNNING, #KEYS do\n    for _, job in ipairs(call('HVALS', KEYS[key])) do\n      local task = task_of(job)\n      if task and uncounted[task] then uncounted[task] = uncounted[task] + 1 end\n    end\n  end\nend\nlocal has_changed = false\nlocal function forget_limit(name)\n  call('HDEL', limits, name)\n  call('HDEL', counts, name)\n  call('HDEL', own_limits, name)\n  has_changed = true\nend\nwrite_first(periodic)\nlocal asleep = now - (tonumber(call('ZSCORE', stated, '')) or now)\nif asleep > ASLEEP_S then\n  for _, name in ipairs(call('ZRANGE', stated, 0, -1)) do\n    call('ZINCRBY', stated, string.format('%.6f', asleep), name)\n  end\nend\ncall('ZADD', stated, string.format('%.6f', now), '')\nfor name, limit in pairs(deleted) do call('HSET', limits, name, limit) end\nfor name, count in pairs(uncounted) do\n  call('HSET', counts, name, count)\n  has_changed = true\nend\nfor index = 1, task_count do\n  local at = FIRST_TASKS + (index - 1) * FIELDS\n  local name, period, limit, text = unpack(ARGV, at, at + FIELDS - 1)\n  period, limit = tonumber(period), tonumber(limit)\n  state_period(name, period, text, known_tasks[index])\n  if limit >= 0 then\n    if tonumber(known_limits[index]) ~= limit then\n      call('HSET', limits, name, limit)\n      has_changed = true\n    end\n    if tonumber(own[name]) ~= limit then call('HSET', own_limits, name, limit) end\n  elseif known_limits[index] or own[name] then\n    forget_limit(name)\n  end\n  if period > 0 or limit >= 0 then call('ZADD', stated, string.format('%.6f', now), name) end\nend\nlocal function is_ours(text) return not string.find(text, '\": ', 1, true) end\nlocal old = call('ZRANGEBYSCORE', stated, '-inf', string.format('%.6f', now - remembered_s), 'LIMIT', 0, 100)\nfor _, name in ipairs(old) do\n  local text = call('HGET', periodic_tasks, name)\n  if not text or is_ours(text) then forget_period(name) end\n  call('HDEL', own_periodic, name)\n  forget_limit(name)\n  call('ZREM', stated, name)\nend\nif has_changed then\n  for _, name in ipairs(call('HKEYS', parked_counts)) do\n    local queue = string.match(name, '^.*%z(.*)$')\n    if queue then redis.call('PUBLISH', channel, queue) end\n  end\nend\nreturn answer({ REGISTERED })"};

/** States the periods and limits of tasks, and forgets those of ours that nobody states any more. See lua/register.lua. */
export function register(
  keys: {
    /** hash: task name -> JSON */
    readonly periodicTasks: string;
    /** zset: periodic tasks by the second that their next run is due by */
    readonly periodic: string;
    /** zset: periodic tasks by next run (s) */
    readonly periodicExact: string;
    /** hash: most jobs at once, of limited tasks */
    readonly limits: string;
    /** hash: running now, of limited tasks */
    readonly counts: string;
    /** zset: tasks of ours with a period or limit, by when they were last stated (s); '' by when any */
    readonly stated: string;
    /** hash: task NUL queue -> number of parked jobs */
    readonly parkedCounts: string;
    /** zset: all brokers by last seen (s) */
    readonly brokers: string;
    /** hash: limits that we have stated, which Python does not delete */
    readonly ownLimits: string;
    /** hash: task name -> JSON of tasks that we have stated, which Python does not delete */
    readonly ownPeriodic: string;
    /** list: what cannot be used */
    readonly quarantine: string;
    /** hash: running jobs of brokers */
    readonly running: readonly string[];
  },
  args: {
    /** the caller */
    readonly brokerId: string;
    /** for notifications */
    readonly channel: string;
    /** time after which a task that nobody states is forgotten (s), while others make */
    readonly rememberedS: number;
    /** number of tasks */
    readonly taskCount: number;
    /** for each task: its name, its period (s, -1 for none), its limit (-1 for none), itself as JSON; */
    readonly tasks: readonly string[];
  },
): ScriptCall {
  return { script: REGISTER, keys: [keys.periodicTasks, keys.periodic, keys.periodicExact, keys.limits, keys.counts, keys.stated, keys.parkedCounts, keys.brokers, keys.ownLimits, keys.ownPeriodic, keys.quarantine, ...keys.running], args: [args.brokerId, args.channel, String(args.rememberedS), String(args.taskCount), ...args.tasks] };
}

/** Codes in its replies. */
export const registerCodes = { LOST: -1, MUST_COUNT: 1, REGISTERED: 0 } as const;

const TICK: LuaScript = {"name":"tick","sha1":"1f0d971615cdca2626c797b8cdb1cac28706941b","text":"local future = KEYS[1]\nlocal periodic_tasks = KEYS[2]\nlocal periodic = KEYS[3]\nlocal periodic_exact = KEYS[4]\nlocal brokers = KEYS[5]\nlocal own_periodic = KEYS[6]\nlocal quarantine = KEYS[7]\nlocal FIRST_QUEUES = 8\nlocal channel = ARGV[1]\nlocal id_count = tonumber(ARGV[2])\nlocal FIRST_IDS = 3\nlocal BOUND = 1000\nlocal time = redis.call('TIME')\nlocal now = tonumber(time[1]) + tonumber(time[2]) / 1e6\nlocal notes = {}\nlocal call\nlocal function set_aside(where, reason, text)\n  local note = cjson.encode({ where = where, reason = reason })\n  call('RPUSH', quarantine, note .. '\\n' .. text)\n  return note\nend\nlocal function quarantine_text(where, reason, text)\n  local note = set_aside(where, reason, text)\n  notes[#notes + 1] = note\nend\nfunction call(command, key, ...)\n  local reply = redis.pcall(command, key, ...)\n  local failure = type(reply) == 'table' and reply.err\n  if not failure then return reply end\n  if string.find(failure, 'WRONGTYPE', 1, true) then\n    local reason = 'a ' .. redis.call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'\n    local text = redis.call('DUMP', key)\n    redis.call('DEL', key)\n    quarantine_text(key, reason, text)\n  end\n  return redis.call(command, key, ...)\nend\nlocal function write_first(zset) call('ZREM', zset, '') end\nlocal function answer(reply)\n  if #notes == 0 then return reply end\n  return { 'quarantined', notes, reply }\nend\nlocal function wake(idle, queue, count, looker)\n  local ids = {}\n  if looker then\n    call('SREM', idle, looker)\n    count = count - 1\n  end\n  while #ids < count do\n    local popped = call('SPOP', idle, count - #ids)\n    if #popped == 0 then break end\n    for _, id in ipairs(popped) do\n      if call('ZSCORE', brokers, id) then ids[#ids + 1] = id end\n    end\n  end\n  local message = queue .. '\\n' .. table.concat(ids, ',')\n  redis.call('PUBLISH', channel, looker and message .. '\\n' .. looker or message)\nend\nlocal OWN_START, ID_FIRST, ID_LAST, QUOTE = '^{\"id\":\"', 8, 43, 34\nlocal sub, byte, find = string.sub, string.byte, string.find\nlocal NO_JOB = 'not a job: it must be JSON with the texts id, task_name and queue'\nlocal function string_at(text, first)\n  local at = first\n  while true do\n    local quote = string.find(text, '\"', at, true)\n    if not quote then return nil end\n    local slashes = 0\n    while string.sub(text, quote - 1 - slashes, quote - 1 - slashes) == '\\\\' do slashes = slashes + 1 end\n    if slashes % 2 == 0 then\n      local raw = string.sub(text, first, quote - 1)\n      if not string.find(raw, '\\\\', 1, true) then return raw, quote end\n      local ok, list = pcall(cjson.decode, '[\"' .. raw .. '\"]')\n      return ok and list[1] or nil, quote\n    end\n    at = quote + 1\n  end\nend\nlocal function is_own(job)\n  return byte(job, ID_LAST + 1) == QUOTE and find(job, OWN_START)\nend\nlocal function parse(job)\n  if is_own(job) then\n    local _, before = string.find(job, '^,\"status\":%d,\"task_name\":\"', ID_LAST + 2)\n    local task, quote = string_at(job, (before or #job) + 1)\n    local _, before_queue = string.find(job, '^,\"queue\":\"', (quote or #job) + 1)\n    local queue = string_at(job, (before_queue or #job) + 1)\n    if task and queue then return string.sub(job, ID_FIRST, ID_LAST), task, queue end\n  end\n  local ok, decoded = pcall(cjson.decode, job)\n  if not ok or type(decoded) ~= 'table' then return nil end\n  local id, task, queue = decoded.id, decoded.task_name, decoded.queue\n  if type(id) ~= 'string' or type(task) ~= 'string' or type(queue) ~= 'string' then return nil end\n  return id, task, queue\nend\nlocal function id_of(job)\n  if is_own(job) then return sub(job, ID_FIRST, ID_LAST) end\n  return (parse(job))\nend\nlocal function task_of(job)\n  local _, task = parse(job)\n  return task\nend\nlocal function period_of(task)\n  return task.period_ms and task.period_ms / 1000 or task.periodicity\nend\nlocal function next_run_of(name)\n  local second = tonumber(call('ZSCORE', periodic, name))\n  local exact = tonumber(call('ZSCORE', periodic_exact, name))\n  if second and exact and math.ceil(exact) == second then return exact end\n  return second\nend\nlocal function plan(name, at)\n  local exact = string.format('%.6f', at)\n  call('ZADD', periodic, string.format('%.0f', math.ceil(tonumber(exact))), name)\n  call('ZADD', periodic_exact, exact, name)\nend\nlocal function unplan(name)\n  call('ZREM', periodic, name)\n  call('ZREM', periodic_exact, name)\nend\nlocal function bring_back(name)\n  local text = call('HGET', own_periodic, name)\n  local exact = text and tonumber(call('ZSCORE', periodic_exact, name))\n  if not exact then return end\n  call('HSET', periodic_tasks, name, text)\n  plan(name, exact)\n  return text, exact\nend\nlocal function first_score(key)\n  local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')\n  return first[2] and tonumber(first[2]) or math.huge\nend\nlocal function next_due()\n  return math.min(first_score(future), first_score(periodic), first_score(periodic_exact))\nend\nlocal keys, idle = {}, {}\nfor key = FIRST_QUEUES, #KEYS, 2 do\n  local name = ARGV[FIRST_IDS + id_count + (key - FIRST_QUEUES) / 2]\n  keys[name], idle[name] = KEYS[key], KEYS[key + 1]\nend\nlocal missing, is_missing, woken = {}, {}, {}\nlocal function key_of(queue)\n  if not keys[queue] and not is_missing[queue] then\n    is_missing[queue] = true\n    missing[#missing + 1] = queue\n  end\n  return keys[queue]\nend\nlocal function is_periodic(task)\n  return type(task) == 'table' and type(task.queue) == 'string' and type(task.max_retries) == 'number'\n    and type(task.periodicity) == 'number' and task.periodicity > 0\n    and (task.period_ms == nil or type(task.period_ms) == 'number' and task.period_ms > 0)\nend\nlocal due = call('ZRANGEBYSCORE', future, '-inf', string.format('%.6f', now), 'LIMIT', 0, BOUND)\nfor _, job in ipairs(due) do\n  local _, _, queue = parse(job)\n  if not queue then\n    redis.call('ZREM', future, job)\n    quarantine_text(future, NO_JOB, job)\n  else\n    local key = key_of(queue)\n    if key then\n      redis.call('ZREM', future, job)\n      call('RPUSH', key, job)\n      woken[queue] = (woken[queue] or 0) + 1\n    end\n  end\nend\nlocal names, is_named = {}, {}\nfor _, key in ipairs({ periodic, periodic_exact }) do\n  for _, name in ipairs(call('ZRANGEBYSCORE', key, '-inf', string.format('%.6f', now), 'LIMIT', 0, id_count)) do\n    if not is_named[name] and #names < id_count then\n      is_named[name] = true\n      names[#names + 1] = name\n    end\n  end\nend\nif #names > 0 then write_first(periodic) end\nfor index, name in ipairs(names) do\n  local text = call('HGET', periodic_tasks, name)\n  local planned = next_run_of(name)\n  if not text then text, planned = bring_back(name) end\n  local ok, task = pcall(cjson.decode, text or 'null')\n  if not planned or not text then\n    unplan(name)\n  elseif not ok or not is_periodic(task) then\n    unplan(name)\n    redis.call('HDEL', periodic_tasks, name)\n    quarantine_text(periodic_tasks, 'not a periodic task', text)\n  elseif planned > now then\n    plan(name, planned)\n  else\n    local key = key_of(task.queue)\n    if key then\n      local micros = string.format('%.0f', math.floor(tonumber(time[2])))\n      local job = '{\"id\":\"' .. ARGV[FIRST_IDS + index - 1] .. '\",\"status\":2,\"task_name\":' ..\n        cjson.encode(name) .. ',\"queue\":' .. cjson.encode(task.queue) .. ',\"max_retries\":' ..\n        task.max_retries .. ',\"retries\":0,\"at\":' .. time[1] .. ',\"at_us\":' .. micros ..\n        ',\"task_args\":[],\"task_kwargs\":{}}'\n      call('RPUSH', key, job)\n      woken[task.queue] = (woken[task.queue] or 0) + 1\n      local period = period_of(task)\n      local missed = math.floor((now - planned) / period)\n      plan(name, planned + (missed + 1) * period)\n    end\n  end\nend\nfor queue, count in pairs(woken) do wake(idle[queue], queue, count) end\nlocal due_at = next_due()\nlocal reply = { '' }\nif due_at < math.huge then\n  reply[1] = string.format('%.3f', math.max(0, (due_at - now) * 1000))\nend\nfor _, queue in ipairs(missing) do reply[#reply + 1] = queue end\nreturn answer(reply)"};

/** Moves future jobs that are due to their queues, and makes the jobs of periodic tasks that are. See lua/tick.lua. */
export function tick(
  keys: {
    /** zset: future jobs by due time (s) */
    readonly future: string;
    /** hash: task name -> JSON */
    readonly periodicTasks: string;
    /** zset: periodic tasks by the second that their next run is due by */
    readonly periodic: string;
    /** zset: periodic tasks by next run (s) */
    readonly periodicExact: string;
    /** zset: all brokers by last seen (s) */
    readonly brokers: string;
    /** hash: task name -> JSON of tasks that we have stated, which Python does not delete */
    readonly ownPeriodic: string;
    /** list: what cannot be used */
    readonly quarantine: string;
    /** list, set: for each queue, its jobs, then the brokers that found it empty */
    readonly queues: readonly string[];
  },
  args: {
    /** for notifications */
    readonly channel: string;
    /** number of ids */
    readonly idCount: number;
    /** ids for new jobs, then, for each queue of KEYS, its name */
    readonly ids: readonly string[];
  },
): ScriptCall {
  return { script: TICK, keys: [keys.future, keys.periodicTasks, keys.periodic, keys.periodicExact, keys.brokers, keys.ownPeriodic, keys.quarantine, ...keys.queues], args: [args.channel, String(args.idCount), ...args.ids] };
}
