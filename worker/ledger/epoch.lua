-- Since when this data has been here; see claim.lua.
-- KEYS: epoch, restored   ARGV: random   Answer: epoch, restored ('' = never)
local time = redis.call('TIME')
local epoch = redis.call('GET', KEYS[1])
if not epoch then
	epoch = string.format('%.0f:%s', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
	redis.call('SET', KEYS[1], epoch)
end
return {epoch, redis.call('GET', KEYS[2]) or ''}
