-- A full Redis refuses commands that may need memory, unless the script has written before: this is one
-- that changes nothing. For what keeps jobs going, and does not grow with them.
local function write_first(zset) call('ZREM', zset, '') end
