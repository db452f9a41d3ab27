-- Adds to the tail of a queue what stands in a list from one index to another.
local function append(queue, jobs, first, last)
  for from = first, last, CHUNK do
    local to = math.min(from + CHUNK - 1, last)
    call('RPUSH', queue, unpack(jobs, from, to))
    undos[#undos + 1] = { 'LTRIM', queue, 0, from - to - 2 }
  end
end
