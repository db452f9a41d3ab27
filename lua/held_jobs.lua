-- Jobs that a broker holds, as many as its bytes allow.
-- Atomic. Only reads.
--
-- KEYS[1] running (hash): running jobs of the broker
-- KEYS[2] quarantine (list): what cannot be used
-- ARGV[1] max_bytes (number): most bytes to return; one job is returned, however large
-- ARGV[2] only_heads (flag): to leave out the arguments where they are the last members of a long text, as in ours
-- ARGV[3..] ids: of the jobs
--
-- Returns { text, left_out, ... } for each of the first ids, in order, as many as were read: the job, '' if it is not
-- held any more; and 1 if its text ends before the arguments, 0 if it is whole.
-- Cost: O(bytes) of the jobs.

-- include call
-- include job
-- include head

-- Most bytes read in one call: a text is read whole, also where only its first part is returned.
local MAX_READ = 1024 * 1024

return whole(function()
  local reply, read, given = {}, 0, 0
  for index = FIRST_IDS, #ARGV do
    local job = call('HGET', running, ARGV[index]) or ''
    local text, left_out = head_of(job)
    read, given = read + #job, given + #text
    if #reply > 0 and (read > MAX_READ or given > max_bytes) then break end
    reply[#reply + 1], reply[#reply + 2] = text, left_out
  end
  return reply
end)
