-- What becomes of a run, or a part of it, that fails.

-- What Redis says of a failure, its code first: 6.2 puts the line of the script, and a dash, before it. For want of a
-- right, in the words of any version, the remedy.
local function explain(failure, command, key)
  local cause = type(failure) == 'table' and failure.err or tostring(failure)
  cause = string.gsub(string.gsub(cause, '^@?user_script: *%d+: *', ''), '^%-', '')
  cause = string.gsub(cause, '[\r\n]+', ' ')
  if not command then return cause end
  local on = key and ' on ' .. key or ''
  for _, words in ipairs({ 'user executing the script', 'ACL failure', 'NOPERM' }) do
    if string.find(cause, words, 1, true) then
      local pattern = key and ' ' .. (command == 'PUBLISH' and '&' or '~') .. key or ''
      return 'NOPERM this Redis user has no right to ' .. command .. on .. ': run ACL SETUSER <user> +' ..
        string.lower(command) .. pattern
    end
  end
  return cause .. ' (' .. command .. on .. ')'
end

-- Runs a command again that has failed for a key of another type; what has failed for another reason fails the run.
local function mend(failure, command, ...)
  if not string.find(failure, 'WRONGTYPE', 1, true) then error({ err = explain(failure, command, (...)) }) end
  set_aside_key(command, (...))
  return call(command, ...)
end

-- Undoes what was written from the undo of that number on; returns why, for the caller of the script.
local function give_up(first, failure)
  for index = #undos, first, -1 do
    local undo = undos[index]
    undos[index] = nil
    if type(undo) == 'function' then
      undo()
    else
      redis.pcall(unpack(undo))
    end
  end
  return explain(failure)
end

local function answer(ok, reply)
  if not ok then return redis.error_reply(give_up(1, reply)) end
  if aside.entries == 0 then return reply end
  return { 'quarantined', aside.notes, aside.untold, aside.entries, aside.bytes, reply }
end
