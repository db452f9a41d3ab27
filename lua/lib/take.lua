-- Jobs that the broker takes.

-- Most jobs looked at in one call.
local BOUND = 1000

-- Jobs taken, and the same as fields of the hash. Counted: Lua would search for a table's length.
local jobs_taken, held, taken = {}, {}, 0
local looked = 0

local function take(id, job)
  taken = taken + 1
  jobs_taken[taken] = job
  held[taken * 2 - 1] = id
  held[taken * 2] = job
end

-- How many more to take, of as many as may be looked at.
local function wanted() return math.min(max - taken, BOUND - looked) end

local function hold_taken()
  for first = 1, taken * 2, CHUNK do
    call('HSET', running, unpack(held, first, math.min(first + CHUNK - 1, taken * 2)))
  end
  if taken > 0 then show_alive(score) end
end
