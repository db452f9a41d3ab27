-- How scripts run commands. They outlive what other programs left under our keys, and do all or nothing: Redis takes
-- nothing back of a script that fails midway, for want of a right for example. So each write says how it is undone, by
-- a command that this run has proved already, or that cannot be the one that is refused.

-- Most arguments of one command: Lua's stack holds 8,000.
local CHUNK = 4000

-- What undoes the writes of this run, last one last: each a command, or a function where that takes more.
local undos = {}
-- What was set aside; nil while nothing was.
local aside

-- Functions that few runs need, made for the first of them: to make them takes as long as a command of Redis.
local rarely

-- A key of another type than ours is set aside, as DUMP gives it, and the command starts from nothing.
local function call(command, ...)
  local reply = redis.pcall(command, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  return rarely().mend(reply.err, command, ...)
end

local rare_functions
function rarely()
  if rare_functions then return rare_functions end
-- include quarantine
-- include undo
  rare_functions = {
    mend = mend,
    set_aside = set_aside,
    give_up = give_up,
    answer = answer,
  }
  return rare_functions
end

-- Runs a script, which does all or nothing. It answers its reply, after what was set aside, if anything was: see
-- connection.ts.
local function whole(script)
  local ok, reply = pcall(script)
  if ok and not aside then return reply end
  return rarely().answer(ok, reply)
end
