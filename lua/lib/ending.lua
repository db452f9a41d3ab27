-- Jobs that end by the request. What stands twice in it ends once.
local is_ended = {}

-- Whether a job ends by this: it is held, and has not ended by what stands before in the request.
local function ends(id, text)
  if not text or is_ended[id] then return false end
  is_ended[id] = true
  free_place(text)
  return true
end

local function free_places_of(ids)
  for first = 1, #ids, CHUNK do
    local last = math.min(first + CHUNK - 1, #ids)
    for index, text in ipairs(call('HMGET', running, unpack(ids, first, last))) do
      ends(ids[first + index - 1], text)
    end
  end
end
