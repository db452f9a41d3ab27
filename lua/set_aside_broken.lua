-- Sets aside jobs that a broker holds and whose text is not UTF-8: the client reads another text than what is there.
-- Atomic. Idempotent.
--
-- KEYS[1] running (hash): running jobs of the broker
-- KEYS[2] limits (hash): most jobs at once, of limited tasks
-- KEYS[3] counts (hash): running now, of limited tasks
-- KEYS[4] own_limits (hash): limits that we have stated, which Python does not delete
-- KEYS[5] parked (zset): parked jobs
-- KEYS[6] parked_counts (hash): task NUL queue -> number of parked jobs
-- KEYS[7] quarantine (list): what cannot be used
-- ARGV[1] channel (text): for notifications
-- ARGV[2] max_bytes (number): most bytes to look at; one job is looked at, however large
-- ARGV[3] only_heads (flag): whether the client has left out arguments: see held_jobs
-- ARGV[4..] suspects: jobs that the client cannot be sure of; for each: its id, SHA1 of the text that the client reads
--
-- Returns { looked_at, id, ... }: the number of the first suspects that were looked at, and the ids, as the client reads
-- them, of those that were set aside. Where a suspect is not held by its id, these are all jobs whose own id is not UTF-8.
-- Cost: O(bytes) of the jobs that are looked at; O(jobs held) where a suspect is not found.

-- include call
-- include write
-- include number
-- include hash_number
-- include job
-- include head
-- include limits
-- include utf8
-- include wake_waiting

local MARK = '\239\191\189'
local broken, ids = {}, {}

local function note(id, job) broken[#broken + 1], ids[#ids + 1] = job, id end

-- Most are as they were read, which the digest shows the soonest; of any other, it may have changed since.
local function look_at(id, digest, job)
  if redis.sha1hex((head_of(job))) ~= digest and not is_utf8(job) then note(id, job) end
end

local function look_at_ids()
  for _, id in ipairs(call('HKEYS', running)) do
    if not is_utf8(id) then note(id, call('HGET', running, id)) end
  end
end

-- Returns how many were looked at.
local function look()
  local bytes, is_lost = 0, false
  local index = FIRST_SUSPECTS
  while index < #ARGV do
    local id = ARGV[index]
    local job = call('HGET', running, id)
    bytes = bytes + #(job or '')
    if index > FIRST_SUSPECTS and bytes > max_bytes then break end
    if job then look_at(id, ARGV[index + 1], job) end
    is_lost = is_lost or not job or find(id, MARK, 1, true)
    index = index + 2
  end
  if is_lost then look_at_ids() end
  return (index - FIRST_SUSPECTS) / 2
end

local function set_broken_aside()
  if call('EXISTS', own_limits, limits, parked) > 0 then read_limits() end
  for _, job in ipairs(broken) do
    free_place(job)
    rarely().set_aside(running, 'a job whose text is not UTF-8', job)
  end
  save_places()
  if next(freed) then wake_waiting(freed) end
  for _, id in ipairs(ids) do write('HDEL', running, id) end
end

return whole(function()
  local looked_at = look()
  if #ids > 0 then set_broken_aside() end
  return { looked_at, unpack(ids) }
end)
