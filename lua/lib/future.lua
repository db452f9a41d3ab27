-- Takes in future jobs, each with `due` (s), `queue` and `job`. `wake_for(queue)` is called for the earliest, if any
-- broker has to wake up earlier than planned for it.
-- They are in the order of their time; those of one time in the order in which they came: each has a place of its own
-- from that time on.
local function take_in_future(jobs, wake_for)
  -- Between places, what a score can still tell apart; where those of a time are first looked for: the next one belongs
  -- to the next millisecond (s).
  local STEP, SPAN = 2 ^ -21, 0.001

  -- The first place from a time on that no job of the same time can stand behind.
  local function place_after(due)
    local span = SPAN
    while true do
      local last = call('ZREVRANGEBYSCORE', future, '(' .. string.format('%.17g', due + span),
        string.format('%.17g', due), 'WITHSCORES', 'LIMIT', 0, 1)
      if #last == 0 then return due end
      local place = tonumber(last[2]) + STEP
      if place < due + span then return place end
      -- All are taken, and those of the next ones too, maybe.
      span = span * 2
    end
  end

  local earliest, next_place, scores = jobs[1], {}, {}
  local first = call('ZRANGE', future, 0, 0, 'WITHSCORES')
  local first_due = first[2] and tonumber(first[2]) or math.huge
  for number, job in ipairs(jobs) do
    if job.due < earliest.due then earliest = job end
    local place = next_place[job.due] or (job.due < first_due and job.due or place_after(job.due))
    next_place[job.due] = place + STEP
    scores[number * 2 - 1], scores[number * 2] = string.format('%.17g', place), job.job
  end
  if first_due >= earliest.due then wake_for(earliest.queue) end
  for from = 1, #scores, CHUNK do
    local to = math.min(from + CHUNK - 1, #scores)
    call('ZADD', future, unpack(scores, from, to))
    on_undo(function()
      for index = from + 1, to, 2 do redis.pcall('ZREM', future, scores[index]) end
    end)
  end
end
