-- Reads the jobs that are done: what stands in ARGV from `at` on. They are let go of last, by one command whatever their
-- number: until then all can be undone, and afterwards nothing need be.

-- Ids of jobs that are let go of.
local ended = {}
local packed, packed_ids = tonumber(ARGV[at]), ARGV[at + 1]
for index = 1, packed do ended[index] = sub(packed_ids, index * 36 - 35, index * 36) end
at = at + 3
for index = at, at + tonumber(ARGV[at - 1]) - 1 do
  ended[#ended + 1] = ARGV[index]
  at = index + 1
end
-- Whether there is none but those that are done.
local are_all_done = ARGV[at] == '0' and ARGV[at + 1] == '0' and ARGV[at + 2] == '0'
