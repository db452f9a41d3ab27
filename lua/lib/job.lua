-- What a script reads of a job. Ours start {"id":"<36 bytes>","status":<digit>,"task_name":"...","queue":"...";
-- others are decoded. What JavaScript reads otherwise it
-- sets aside: see job-reader.ts.
local OWN_START, ID_FIRST, ID_LAST = '^{"id":"', 8, 43
-- Both names without an escape, as nearly all are: read at once.
local PLAIN_NAMES = '^,"status":%d,"task_name":"([^"\\]*)","queue":"([^"\\]*)"'
local sub, find, match = string.sub, string.find, string.match
local NO_JOB = 'not a job: it must be JSON with the texts id, task_name and queue'

-- The JSON string whose first character is at `first`, and the index of its closing quote.
local function string_at(text, first)
  local at = first
  while true do
    local quote = string.find(text, '"', at, true)
    if not quote then return nil end
    local slashes = 0
    while string.sub(text, quote - 1 - slashes, quote - 1 - slashes) == '\\' do slashes = slashes + 1 end
    if slashes % 2 == 0 then
      local raw = string.sub(text, first, quote - 1)
      if not string.find(raw, '\\', 1, true) then return raw, quote end
      local ok, list = pcall(cjson.decode, '["' .. raw .. '"]')
      return ok and list[1] or nil, quote
    end
    at = quote + 1
  end
end

local function is_own(job)
  return find(job, '"', ID_FIRST, true) == ID_LAST + 1 and find(job, OWN_START)
end

-- Returns id, task, queue; nothing if the text is no job. The id is that of `id_of`, whatever else is in the text.
local function parse(job)
  local own_id = is_own(job) and sub(job, ID_FIRST, ID_LAST)
  if own_id then
    local plain_task, plain_queue = match(job, PLAIN_NAMES, ID_LAST + 2)
    if plain_task then return own_id, plain_task, plain_queue end
    local _, before = find(job, '^,"status":%d,"task_name":"', ID_LAST + 2)
    local task, quote = string_at(job, (before or #job) + 1)
    local _, before_queue = find(job, '^,"queue":"', (quote or #job) + 1)
    local queue = string_at(job, (before_queue or #job) + 1)
    if task and queue then return own_id, task, queue end
  end
  local ok, decoded = pcall(cjson.decode, job)
  if not ok or type(decoded) ~= 'table' then return nil end
  local id, task, queue = decoded.id, decoded.task_name, decoded.queue
  if type(id) ~= 'string' or type(task) ~= 'string' or type(queue) ~= 'string' then return nil end
  return own_id or id, task, queue
end

local function id_of(job)
  if is_own(job) then return sub(job, ID_FIRST, ID_LAST) end
  return (parse(job))
end

local function task_of(job)
  local _, task = parse(job)
  return task
end
