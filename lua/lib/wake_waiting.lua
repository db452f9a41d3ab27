-- Has everybody look for parked jobs, since places became free that no look follows: of these tasks, or of any.
local function wake_waiting(tasks)
  for _, name in ipairs(call('HKEYS', parked_counts)) do
    local task, queue = string.match(name, '^(.*)%z(.*)$')
    if queue and (not tasks or tasks[task]) then call('PUBLISH', channel, queue) end
  end
end
