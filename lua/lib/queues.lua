-- The queues of the request, for what does not go through them one by one.
local queue_names, index_of = {}, {}
for index = 1, (#KEYS - FIRST_QUEUES + 1) / 2 do
  queue_names[index] = ARGV[FIRST_JOBS + index - 1]
  index_of[queue_names[index]] = index
end

local function queue_key(index) return KEYS[FIRST_QUEUES + (index - 1) * 2] end
local function idle_key(index) return KEYS[FIRST_QUEUES + (index - 1) * 2 + 1] end
