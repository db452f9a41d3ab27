-- Takes in the future jobs of the request, which stand in ARGV from `first_at` on, and wakes for the earliest if any
-- broker has to wake up earlier than planned for it.
-- They are in the order of their time; those of one time in the order in which they came: each has a place of its own
-- from that time on.
local function take_in_future(first_at)
  -- Between places, what a score can still tell apart; where those of a time are first looked for: before the next
  -- millisecond, whose jobs stand in nobody's way (s).
  local STEP, SPAN = 2 ^ -21, 0.0009

  local PLUS, now = 43
  -- In whole ms; a delay counts from now on, by this clock.
  local function due_of(text)
    if string.byte(text) ~= PLUS then return tonumber(text) end
    if not now then
      local time = call('TIME')
      now = time[1] + time[2] / 1e6
    end
    return math.ceil((now + tonumber(text)) * 1e3) / 1e3
  end

  local dues, earliest, latest = {}, 1, 1
  for number = 1, future_count do
    local due = due_of(ARGV[first_at + number * 3 - 3])
    dues[number] = due
    if due < dues[earliest] then earliest = number end
    if due > dues[latest] then latest = number end
  end

  -- Behind this one all places are free.
  local last = call('ZREVRANGEBYSCORE', future, dues[latest] + SPAN, '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  local last_place = last[2] and tonumber(last[2])
  local earliest_at = first_at + earliest * 3 - 3
  if not last_place or (last_place >= dues[earliest] and
    tonumber(call('ZRANGE', future, 0, 0, 'WITHSCORES')[2]) >= dues[earliest]) then
    local index = tonumber(ARGV[earliest_at + 1])
    wake(KEYS[FIRST_QUEUES + index * 2 - 1], ARGV[FIRST_JOBS + index - 1], 1)
  end

  -- The first place from a time on that no job of the same time can stand behind.
  local function place_after(due)
    local span = SPAN
    while true do
      local taken = call('ZREVRANGEBYSCORE', future, due + span, due, 'WITHSCORES', 'LIMIT', 0, 1)
      if #taken == 0 then return due end
      local place = tonumber(taken[2]) + STEP
      if place <= due + span then return place end
      -- All are taken, and those of the next ones too, maybe.
      span = span * 2
    end
  end

  local next_places, scores = {}, {}
  for number = 1, future_count do
    local due, at = dues[number], first_at + number * 3 - 3
    local place = next_places[due] or (last_place and last_place >= due and place_after(due)) or due
    next_places[due] = place + STEP
    scores[number * 2 - 1], scores[number * 2] = place == due and string.byte(ARGV[at]) ~= PLUS and ARGV[at] or place, ARGV[at + 2]
  end
  for from = 1, #scores, CHUNK do
    local to = math.min(from + CHUNK - 1, #scores)
    call('ZADD', future, unpack(scores, from, to))
    undos[#undos + 1] = function()
      for index = from + 1, to, 2 do redis.pcall('ZREM', future, scores[index]) end
    end
  end
end
