-- What cannot be used is set aside whole in the quarantine, a list of texts: a line of JSON that says where it was and
-- why, and what was found. It is bounded by `bound_quarantine`.

-- Notes that are told: a log needs no more of one call.
local MOST_NOTES = 5
-- How many entries, and bytes, this run has set aside; notes of them, for the log; how many of them the caller is not
-- told of one by one.
aside = { entries = 0, bytes = 0, notes = {}, untold = 0 }

local function count_aside(entries, bytes)
  aside.entries, aside.bytes = aside.entries + entries, aside.bytes + bytes
end

local function tell(note)
  local notes = aside.notes
  if #notes < MOST_NOTES then
    notes[#notes + 1] = note
    undos[#undos + 1] = function() notes[#notes] = nil end
  else
    aside.untold = aside.untold + 1
    undos[#undos + 1] = function() aside.untold = aside.untold - 1 end
  end
end

-- The caller is told, to log it, unless it knows. `stays` tells whether it could not go back, once that is tried.
local function set_aside(where, reason, text, is_known, stays)
  local note = cjson.encode({ where = where, reason = reason })
  local entry = note .. '\n' .. text
  call('RPUSH', quarantine, entry)
  count_aside(1, #entry)
  undos[#undos + 1] = function()
    if stays and stays() then return end
    redis.pcall('RPOP', quarantine)
    count_aside(-1, -#entry)
  end
  if not is_known then tell(note) end
end

local function set_aside_key(command, key)
  local reason = 'a ' .. call('TYPE', key).ok .. ', which ' .. command .. ' cannot use'
  local text = call('DUMP', key)
  if key == quarantine then
    call('DEL', key)
    set_aside(key, reason, text, false, function() return true end)
    return
  end
  local is_gone = false
  set_aside(key, reason, text, false, function() return is_gone end)
  call('DEL', key)
  undos[#undos + 1] = function() is_gone = type(redis.pcall('RESTORE', key, 0, text).err) == 'string' end
end
