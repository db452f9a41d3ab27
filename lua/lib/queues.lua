-- The queues of the request, for what does not go through them one by one.
local function queue_name(index) return ARGV[FIRST_JOBS + index - 1] end
local function queue_key(index) return KEYS[FIRST_QUEUES + index * 2 - 2] end
local function idle_key(index) return KEYS[FIRST_QUEUES + index * 2 - 1] end
local function index_of(name)
  for index = 1, (#KEYS - FIRST_QUEUES + 1) / 2 do
    if queue_name(index) == name then return index end
  end
end
