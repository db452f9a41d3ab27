-- What is done with parked jobs, and with how many there are.

-- include write
-- include queues
-- include wake

-- Numbers of parked jobs start here, so that those put back at the head can go below.
local PARK_BASE = 5e15
-- Most members whose score is mended in one call.
local MOST_MENDED = 100

local function field(task, queue) return task .. '\0' .. queue end

-- Of `parked_counts`, read once and written once: name -> number; those that have changed.
local numbers, has_changed = {}, {}

local function number_of(name)
  if not numbers[name] then
    numbers[name] = whole_number(parked_counts, name, call('HGET', parked_counts, name), -PARK_BASE / 2) or 0
  end
  return numbers[name]
end

local function set_number(name, number)
  numbers[name], has_changed[name] = number, true
end

local function save_numbers()
  for name in pairs(has_changed) do
    if numbers[name] == 0 then
      write('HDEL', parked_counts, name)
    else
      write('HSET', parked_counts, name, string.format('%.0f', numbers[name]))
    end
  end
  has_changed = {}
end

local function park(task, queue, job, direction)
  local name = field(task, queue)
  set_number(direction, number_of(direction) + (direction == '-' and -1 or 1))
  local place = string.format('%016.0f', PARK_BASE + numbers[direction])
  local member = name .. '\0' .. place .. '\0' .. job
  call('ZADD', parked, 0, member)
  undos[#undos + 1] = { 'ZREM', parked, member }
  set_number(name, number_of(name) + 1)
end

-- Where all scores are equal, members are in the order of their texts; one that another program changed hides them.
local are_mended = false
local function mend_scores()
  if are_mended then return end
  are_mended = true
  local first = call('ZRANGE', parked, 0, 0, 'WITHSCORES')
  local last = call('ZRANGE', parked, -1, -1, 'WITHSCORES')
  if #first == 0 or (tonumber(first[2]) == 0 and tonumber(last[2]) == 0) then return end
  for _, range in ipairs({ { '-inf', '(0' }, { '(0', '+inf' } }) do
    for _, member in ipairs(call('ZRANGEBYSCORE', parked, range[1], range[2], 'LIMIT', 0, MOST_MENDED)) do
      write('ZADD', parked, 0, member)
    end
  end
end

-- Whether the right to park is proved: without it, what is taken from there could not go back.
local may_park = false

local function prove_parking(member)
  if not may_park then call('ZADD', parked, 0, member) end
  may_park = true
end

-- Takes the first ones of a task and a queue, whose name is given, at most so many. Returns how many these were.
local function take_first_parked(name, limit, most)
  local task, prefix = string.match(name, '^(.*)%z'), name .. '\0'
  local members = call('ZRANGEBYLEX', parked, '[' .. prefix, '(' .. name .. '\1', 'LIMIT', 0, most)
  local jobs = {}
  for index, member in ipairs(members) do jobs[index] = sub(member, #prefix + 18) end
  local last = fitting(jobs)
  if last > 0 then prove_parking(members[1]) end
  for index = 1, last do
    local id = id_of(jobs[index])
    local member = members[index]
    call('ZREM', parked, member)
    undos[#undos + 1] = { 'ZADD', parked, 0, member }
    if id then
      if limit then add_place(task, 1) end
      take(id, jobs[index])
    else
      rarely().set_aside(parked, NO_JOB, jobs[index])
    end
  end
  return last
end

-- Those whose task has a free place: they were at the head of the queue before.
local function take_from_parked(queue)
  mend_scores()
  for _, name in ipairs(parked_names) do
    local task, its_queue = string.match(name, '^(.*)%z(.*)$')
    local limit = task and limit_of(task)
    local its_places = limit and limit - (places[task] or 0) or math.huge
    local most = math.min(its_places, wanted())
    if its_queue == queue and most > 0 then
      local count = take_first_parked(name, limit, most)
      local left = number_of(name) - count
      -- The count may be wrong: somebody has deleted the set, or changed the count.
      if left <= 0 or count < most then left = call('ZLEXCOUNT', parked, '[' .. name .. '\0', '(' .. name .. '\1') end
      set_number(name, left)
    end
  end
end

-- A place that is free still, and not taken above: somebody else may take the jobs that wait for it.
local function wake_parked(task)
  local free = limit_of(task) - places[task]
  if free <= 0 then return end
  local names = call('HGETALL', parked_counts)
  for place = 1, #names, 2 do
    local its_task, queue = string.match(names[place], '^(.*)%z(.*)$')
    if its_task == task then
      local index = index_of(queue)
      if index then
        wake(idle_key(index), queue, math.min(free, tonumber(names[place + 1]) or 1))
      else
        -- Nobody is named, since its idle ones are not known here: one of them takes a second look.
        call('PUBLISH', channel, queue .. '\n')
      end
    end
  end
end
