-- Whoever takes jobs must be seen to live: it may have counted as idle until now. `score` is when it was last seen.
local function show_alive(score)
  if score <= now_s() and score >= now_s() - 1 then return end
  call('ZADD', brokers, string.format('%.6f', now_s()), broker_id)
  undos[#undos + 1] = { 'ZADD', brokers, score, broker_id }
end
