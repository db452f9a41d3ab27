-- Settles jobs that ended, and that the broker holds: what stands in ARGV from `at` on.

local function next_text()
  at = at + 1
  return ARGV[at - 1]
end

local function next_number() return tonumber(next_text()) end

-- Done: one HDEL, whatever the number.
local function settle_done()
  local done = {}
  local packed = next_number()
  local packed_ids = next_text()
  for index = 1, packed do done[index] = sub(packed_ids, index * 36 - 35, index * 36) end
  for _ = 1, next_number() do done[#done + 1] = next_text() end
  for first = 1, #done, CHUNK do
    local last = math.min(first + CHUNK - 1, #done)
    if limit_by_task then
      local is_free = {}
      for index, job in ipairs(call('HMGET', running, unpack(done, first, last))) do
        local id = done[first + index - 1]
        -- One that is told twice has had one place.
        if job and not is_free[id] then free_place(job) end
        is_free[id] = true
      end
    end
    call('HDEL', running, unpack(done, first, last))
  end
end

-- Not readable: nobody could run them.
local function settle_unreadable()
  for _ = 1, next_number() do
    local id, reason = next_text(), next_text()
    local job = call('HGET', running, id)
    if job then
      free_place(job)
      call('HDEL', running, id)
      set_aside(running, reason, job)
    end
  end
end

-- To run again.
local function settle_retried()
  for _ = 1, next_number() do
    local id, due_ms, index, replaced, job = next_text(), next_number(), next_number(), next_number(), next_text()
    -- The caller's clock and ours need not agree: what counts is how long from now.
    local wait_ms = due_ms - caller_ms
    local held = replaced and call('HGET', running, id)
    if held then job = job .. sub(held, replaced + 1) end
    if call('HDEL', running, id) == 1 then
      free_place(job)
      if wait_ms <= 0 then
        call('RPUSH', queue_key(index), job)
      else
        call('ZADD', future, string.format('%.6f', now_s() + wait_ms / 1000), job)
        has_extras = true
      end
      wake(idle_key(index), queue_names[index], 1)
    end
  end
end

-- To put back at the head: the last one first, so that the oldest ends in front.
local function settle_released()
  local released = next_number()
  for number = released, 1, -1 do
    local id, index, job = unpack(ARGV, at + (number - 1) * 3, at + number * 3 - 1)
    index = tonumber(index)
    if job == '' then job = call('HGET', running, id) end
    if call('HDEL', running, id) == 1 then
      free_place(job)
      local task = limit_by_task and task_of(job)
      if task and limit_of(task) then
        park(task, queue_names[index], job, '-')
      else
        call('LPUSH', queue_key(index), job)
      end
      -- Another one: the caller knows of it, and has no use for it now.
      local was_idle = call('SREM', idle_key(index), broker_id) == 1
      wake(idle_key(index), queue_names[index], 1)
      if was_idle then call('SADD', idle_key(index), broker_id) end
    end
  end
end
