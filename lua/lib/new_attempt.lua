-- Ends the script if an attempt before this one has brought the jobs; if none has, this one does.

-- Time that a producer is remembered that schedules nothing, in s: far longer than a call may last.
local REMEMBERED_S = 86400

-- Asked first: a full Redis refuses whoever begins with a write.
local last = call('GET', producer)
if last then
  local number = tonumber(last)
  if not number or number < 0 or number % 1 ~= 0 then
    rarely().set_aside(producer, 'not the number of an attempt', last)
    last = nil
  elseif first_attempt <= number then
    return number
  end
end
call('SET', producer, attempt, 'EX', REMEMBERED_S)
undos[#undos + 1] = last and { 'SET', producer, last, 'EX', REMEMBERED_S } or { 'DEL', producer }
