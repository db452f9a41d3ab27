-- The server's clock, asked once: it stands still within a script. Its time in s; then as texts, in s and the us beyond.
local time
local function now_s()
  time = time or call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1e6, time[1], time[2]
end
