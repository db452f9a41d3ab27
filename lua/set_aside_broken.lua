-- Sets aside jobs that a broker holds and whose text is not UTF-8: the client reads another text than what is there.
-- Atomic. Idempotent.
--
-- KEYS[1] running (hash): running jobs of the broker
-- KEYS[2] limits (hash): most jobs at once, of limited tasks
-- KEYS[3] counts (hash): running now, of limited tasks
-- KEYS[4] own_limits (hash): limits that we have stated, which Python does not delete
-- KEYS[5] parked (zset): parked jobs
-- KEYS[6] quarantine (list): what cannot be used
--
-- Returns { job, ... }: those that were set aside.
-- Cost: O(bytes of the jobs that the broker holds)

-- include call
-- include write
-- include number
-- include hash_number
-- include job
-- include limits
-- include utf8

return whole(function()
  if call('EXISTS', own_limits, limits, parked) > 0 then read_limits() end
  local fields, broken, ids = call('HGETALL', running), {}, {}
  for index = 1, #fields, 2 do
    if not is_utf8(fields[index + 1]) then
      ids[#ids + 1], broken[#broken + 1] = fields[index], fields[index + 1]
    end
  end
  for _, job in ipairs(broken) do
    free_place(job)
    rarely().set_aside(running, 'a job whose text is not UTF-8', job)
  end
  save_places()
  for _, id in ipairs(ids) do write('HDEL', running, id) end
  return broken
end)
