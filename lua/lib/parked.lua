-- Jobs that wait for a place of their task: they stand before those of their queue, in the order in which they came.

-- Numbers of parked jobs start here, so that those put back at the head can go below.
local PARK_BASE = 5e15

local function field(task, queue) return task .. '\0' .. queue end

local function park(task, queue, job, direction)
  local number = call('HINCRBY', parked_counts, direction, direction == '-' and -1 or 1)
  local place = string.format('%016.0f', PARK_BASE + number)
  call('ZADD', parked, 0, field(task, queue) .. '\0' .. place .. '\0' .. job)
  call('HINCRBY', parked_counts, field(task, queue), 1)
end

-- Parked jobs whose task has a free place: they were at the head of the queue before.
local function take_parked(queue)
  local names = call('HGETALL', parked_counts)
  for index = 1, #names, 2 do
    local task, its_queue = string.match(names[index], '^(.*)%z(.*)$')
    local limit = task and limit_of(task)
    local its_places = limit and limit - (places[task] or 0) or math.huge
    local free = math.min(its_places, wanted())
    if its_queue == queue and free > 0 then
      local prefix = names[index] .. '\0'
      local members =
        call('ZRANGEBYLEX', parked, '[' .. prefix, '(' .. names[index] .. '\1', 'LIMIT', 0, free)
      local jobs = {}
      for at_member, member in ipairs(members) do jobs[at_member] = string.sub(member, #prefix + 18) end
      local last = fitting(jobs)
      for at_job = 1, last do
        call('ZREM', parked, members[at_job])
        if limit then add_place(task, 1) end
        take(id_of(jobs[at_job]), jobs[at_job])
      end
      -- The count may be too high: somebody has deleted the set, or its value was set aside.
      local are_all = #members < free and last == #members
      if are_all or call('HINCRBY', parked_counts, names[index], -last) <= 0 then
        call('HDEL', parked_counts, names[index])
      end
    end
  end
end

-- A place that is free still, and not taken above: somebody else may take the jobs that wait for it.
local function wake_parked(task)
  local free = limit_of(task) - math.max(0, places[task])
  if free <= 0 then return end
  local names = call('HGETALL', parked_counts)
  for index = 1, #names, 2 do
    local its_task, queue = string.match(names[index], '^(.*)%z(.*)$')
    if its_task == task then
      if index_of[queue] then
        wake(idle_key(index_of[queue]), queue, math.min(free, tonumber(names[index + 1])))
      else
        -- Nobody is named, since its idle ones are not known here: one of them takes a second look.
        redis.call('PUBLISH', channel, queue .. '\n')
      end
    end
  end
end
