-- Jobs that the broker takes.

-- Most jobs looked at in one call.
local BOUND = 1000

-- Jobs taken, and the same as fields of the hash. Counted: Lua would search for a table's length.
local jobs_taken, held, taken = {}, {}, 0
local looked = 0
-- Bytes of what was looked at: max_bytes once something did not fit.
local looked_bytes = 0

-- How many more to take, of as many as may be looked at.
local function wanted()
  if looked_bytes >= max_bytes then return 0 end
  return math.min(max - taken, BOUND - looked)
end

-- How many of these fit, from the first on, and counts them as looked at.
local function fitting(jobs)
  local bytes = looked_bytes
  for index = 1, #jobs do
    local more = bytes + #jobs[index]
    if more > max_bytes and bytes > 0 then
      looked, looked_bytes = looked + index - 1, max_bytes
      return index - 1
    end
    bytes = more
  end
  looked, looked_bytes = looked + #jobs, bytes
  return #jobs
end
