-- Whether a text is UTF-8, as strictly as JavaScript reads it: nothing longer than it need be, no surrogates, nothing
-- beyond U+10FFFF.
local SEQUENCES = {
  '^[\194-\223][\128-\191]', '^\224[\160-\191][\128-\191]', '^[\225-\236\238-\239][\128-\191][\128-\191]',
  '^\237[\128-\159][\128-\191]', '^\240[\144-\191][\128-\191][\128-\191]',
  '^[\241-\243][\128-\191][\128-\191][\128-\191]', '^\244[\128-\143][\128-\191][\128-\191]',
}

local function end_of_sequence(text, at)
  for _, sequence in ipairs(SEQUENCES) do
    local _, last = string.find(text, sequence, at)
    if last then return last end
  end
end

local function is_utf8(text)
  local at = string.find(text, '[\128-\255]')
  while at do
    local last = end_of_sequence(text, at)
    if not last then return false end
    at = string.find(text, '[\128-\255]', last + 1)
  end
  return true
end
