-- What cannot be used is set aside whole in the quarantine, a list of texts: a line of JSON that says where it was and
-- why, and what was found. It is bounded by `bound_quarantine`.

-- Notes that are told: a log needs no more of one call.
local MOST_NOTES = 5
-- How many entries, and bytes, this run has set aside; how many of them the caller is not told of one by one.
local entries_aside, bytes_aside, untold = 0, 0, 0

-- The caller is told, to log it, unless it knows. `stays` tells whether it could not go back, once that is tried.
local function set_aside(where, reason, text, is_known, stays)
  local note = cjson.encode({ where = where, reason = reason })
  local entry = note .. '\n' .. text
  call('RPUSH', quarantine, entry)
  entries_aside, bytes_aside = entries_aside + 1, bytes_aside + #entry
  on_undo(function()
    if stays and stays() then return end
    redis.pcall('RPOP', quarantine)
    entries_aside, bytes_aside = entries_aside - 1, bytes_aside - #entry
  end)
  if is_known then return end
  if #notes < MOST_NOTES then
    notes[#notes + 1] = note
  else
    untold = untold + 1
  end
end

function set_aside_key(command, key)
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
  on_undo(function() is_gone = type(redis.pcall('RESTORE', key, 0, text).err) == 'string' end)
end

-- Runs a script, which does all or nothing. It answers its reply, after what was set aside, if anything was: see
-- connection.ts.
local function whole(script)
  local ok, reply = try(script)
  if not ok then return redis.error_reply(reply) end
  if entries_aside == 0 then return reply end
  return { 'quarantined', notes, untold, entries_aside, bytes_aside, reply }
end
