-- How scripts run commands. They outlive what other programs left under our keys, and do all or nothing: Redis takes
-- nothing back of a script that fails midway, for want of a right for example. So each write says how it is undone, by
-- a command that this run has proved already, or that cannot be the one that is refused.

-- Most arguments of one command: Lua's stack holds 8,000.
local CHUNK = 4000

-- Notes of what was set aside, for the log; what undoes the writes of this run, last one last.
local notes, undos = {}, {}
local set_aside_key

local function on_undo(undo) undos[#undos + 1] = undo end

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

-- A key of another type than ours is set aside, as DUMP gives it, and the command starts from nothing.
local function call(command, ...)
  local reply = redis.pcall(command, ...)
  local failure = type(reply) == 'table' and reply.err
  if not failure then return reply end
  if not string.find(failure, 'WRONGTYPE', 1, true) then
    error({ err = explain(failure, command, (...)) })
  end
  set_aside_key(command, (...))
  return call(command, ...)
end

-- Does a part wholly or not at all. Returns whether it was done; then what it returned, or why it was not.
local function try(part)
  local first_undo, first_note = #undos + 1, #notes + 1
  local ok, result = pcall(part)
  if ok then return true, result end
  for index = #undos, first_undo, -1 do
    undos[index]()
    undos[index] = nil
  end
  for index = #notes, first_note, -1 do notes[index] = nil end
  return false, explain(result)
end
