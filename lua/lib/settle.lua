-- Settles jobs that ended, and that the broker holds: what stands in ARGV from `at` on. They are let go of last, by
-- one command whatever their number: until then all can be undone, and afterwards nothing need be.

local function next_text()
  at = at + 1
  return ARGV[at - 1]
end

local function next_number() return tonumber(next_text()) end

-- Ids of jobs that are let go of.
local ended = {}

local function read_done()
  local packed = next_number()
  local packed_ids = next_text()
  for index = 1, packed do ended[index] = sub(packed_ids, index * 36 - 35, index * 36) end
  for _ = 1, next_number() do ended[#ended + 1] = next_text() end
end

-- Whether there is none but those that are done.
local function are_all_done()
  return ARGV[at] == '0' and ARGV[at + 1] == '0' and ARGV[at + 2] == '0'
end

local function settle()
  read_done()
  if not rest and not are_all_done() then rest = load_rest() end
  if rest then rest.settle() end
  for first = 1, #ended, CHUNK do
    call('HDEL', running, unpack(ended, first, math.min(first + CHUNK - 1, #ended)))
  end
end
