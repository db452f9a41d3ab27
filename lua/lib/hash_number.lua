-- Whole numbers in hashes; what is none is set aside.

-- The whole number in a field of a hash, whose text is given; nil if there is none.
local function whole_number(key, field, text, least)
  if not text then return nil end
  if is_whole(text, least) then return tonumber(text) end
-- include write
  write('HDEL', key, field)
  rarely().set_aside(key, 'not a whole number of at least ' .. least .. ', of ' .. field, text)
  return nil
end

-- All of a hash of whole numbers.
local function whole_numbers(key, least)
  local fields, numbers = call('HGETALL', key), {}
  for index = 1, #fields, 2 do
    numbers[fields[index]] = whole_number(key, fields[index], fields[index + 1], least)
  end
  return numbers
end
