-- What the client reads of a job that is held: all of it, or what stands before its arguments.

-- Texts longer than this are cut, where their arguments begin within it (bytes).
local LONG = 1024

-- The text, and 1 if it ends before the arguments, 0 if it is whole.
local function head_of(job)
  if not only_heads or #job <= LONG or not is_own(job) then return job, 0 end
  local args = find(sub(job, 1, LONG), ',"task_args":', 1, true)
  if not args then return job, 0 end
  return sub(job, 1, args - 1), 1
end
