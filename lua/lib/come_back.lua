-- Settles jobs that did not simply succeed.

-- include write
-- include queues
-- include wake

local function next_number()
  at = at + 1
  return tonumber(ARGV[at - 1])
end

-- Ended jobs of so many fields each, the first of which is the id, with their text if the broker holds them.
local function read_ended(count, fields)
  local list, ids = {}, {}
  for number = 1, count do
    local job = { unpack(ARGV, at, at + fields - 1) }
    -- Who cannot say by which id it is held has sent what it has read.
    if job[1] == '' then job[1] = id_of(job[3]) or '' end
    list[number], ids[number] = job, job[1]
    at = at + fields
  end
  for first = 1, count, CHUNK do
    local last = math.min(first + CHUNK - 1, count)
    for index, text in ipairs(call('HMGET', running, unpack(ids, first, last))) do
      list[first + index - 1].text = text
    end
  end
  return list
end

-- Not readable: nobody could run them.
local function settle_unreadable(list)
  for _, job in ipairs(list) do
    local id, reason = job[1], job[2]
    if ends(id, job.text) then
      rarely().set_aside(running, reason, job.text, true)
      ended[#ended + 1] = id
    end
  end
end

-- Those that end, and wakes for them; `at_index` is the field that has the index of their queue.
local function coming_back(list, at_index, wake_some)
  local jobs, counts_by_index = {}, {}
  for _, job in ipairs(list) do
    if ends(job[1], job.text) then
      local index = tonumber(job[at_index])
      job.queue_index = index
      jobs[#jobs + 1], ended[#ended + 1] = job, job[1]
      counts_by_index[index] = (counts_by_index[index] or 0) + 1
    end
  end
  for index, count in pairs(counts_by_index) do wake_some(index, count) end
  return jobs
end

local function wake_any(index, count) wake(idle_key(index), queue_name(index), count) end

-- The caller knows of it, and has no use for it now.
local function wake_others(index, count)
  local is_idle = call('SISMEMBER', idle_key(index), broker_id) == 1
  if is_idle then write('SREM', idle_key(index), broker_id) end
  wake_any(index, count)
  if is_idle then call('SADD', idle_key(index), broker_id) end
end

-- To run again: each has its id, when it is due by the caller's clock (epoch ms), its queue, how much of its text is
-- replaced, by what.
local function settle_retried(list)
  for _, job in ipairs(coming_back(list, 3, wake_any)) do
    -- The caller's clock and ours need not agree: what counts is how long from now.
    local wait_ms, text = tonumber(job[2]) - caller_ms, job[5]
    if job[4] ~= '' then text = text .. sub(job.text, tonumber(job[4]) + 1) end
    if wait_ms <= 0 then
      local key = queue_key(job.queue_index)
      call('RPUSH', key, text)
      undos[#undos + 1] = { 'LTRIM', key, 0, -2 }
    else
      call('ZADD', future, string.format('%.6f', now_s() + wait_ms / 1000), text)
      undos[#undos + 1] = { 'ZREM', future, text }
      has_times = true
    end
  end
end

-- To put back at the head: the last one first, so that the oldest ends in front.
local function settle_released(list)
  local jobs = coming_back(list, 2, wake_others)
  for index = #jobs, 1, -1 do
    local queue_index, text = jobs[index].queue_index, jobs[index][3]
    if text == '' then text = jobs[index].text end
    local task = limit_by_task and task_of(text)
    if task and limit_of(task) then
      parking().park(task, queue_name(queue_index), text, '-')
    else
      local key = queue_key(queue_index)
      call('LPUSH', key, text)
      undos[#undos + 1] = { 'LTRIM', key, 1, -1 }
    end
  end
end

local function settle_rest()
  local unreadable = read_ended(next_number(), 3)
  local retried = read_ended(next_number(), 5)
  local released = read_ended(next_number(), 3)
  if not limit_by_task then
    for _, id in ipairs(ended) do is_ended[id] = true end
  end
  settle_unreadable(unreadable)
  settle_retried(retried)
  settle_released(released)
end
