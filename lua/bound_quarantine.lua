-- Drops the oldest of what was set aside, where that is too much, and counts what it drops.
-- Atomic. Not idempotent: a repetition counts the same bytes twice, until the quarantine is empty.
--
-- KEYS[1] quarantine (list): what cannot be used
-- KEYS[2] quarantine_counts (hash): bytes in it, and how many entries were dropped from it
-- ARGV[1] entries (number): how many the caller has added
-- ARGV[2] bytes (number): their bytes
--
-- Returns the number of those that were dropped: if any was, there may be more.
-- Cost: O(1) an entry that is dropped, at most 1,000

-- Most that is kept, the newest: more than anybody reads, and no burden for a Redis that holds jobs.
local MOST_ENTRIES, MOST_BYTES = 10000, 16777216
-- Most that one call drops.
local MOST_DROPPED = 1000

-- include call

local function count_of(field)
  local count = tonumber(call('HGET', quarantine_counts, field) or 0)
  return count and count >= 0 and count < 9e15 and count or 0
end

local function save(total, dropped)
  local text = '%.0f'
  call('HSET', quarantine_counts, 'bytes', string.format(text, total), 'dropped', string.format(text, dropped))
end

return whole(function()
  local length, dropped = call('LLEN', quarantine), 0
  local known_bytes, known_dropped = count_of('bytes'), count_of('dropped')
  -- Whoever has looked at the others may have emptied it.
  local total = bytes + (length > entries and known_bytes or 0)
  while dropped < MOST_DROPPED and (length > MOST_ENTRIES or total > MOST_BYTES and length > 1) do
    total = math.max(0, total - #call('LINDEX', quarantine, dropped))
    length, dropped = length - 1, dropped + 1
  end
  -- First: what is dropped must be counted.
  save(total, known_dropped + dropped)
  undos[#undos + 1] = function()
    if known_bytes + known_dropped == 0 then
      redis.pcall('DEL', quarantine_counts)
    else
      save(known_bytes, known_dropped)
    end
  end
  if dropped > 0 then call('LTRIM', quarantine, dropped, -1) end
  return dropped
end)
