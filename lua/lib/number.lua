-- Numbers that other programs may have written.

-- The largest whole number that Lua and JavaScript hold exactly.
local MOST = 9007199254740991
-- No date of JavaScript is later (s).
local LAST_TIME = 8.64e12

local function is_whole(text, least)
  local number = type(text) == 'string' and string.find(text, '^%-?%d+$') and tonumber(text)
  return number and number >= least and number <= MOST
end
