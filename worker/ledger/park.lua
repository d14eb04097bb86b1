-- Give the claim back: anybody may resume it at once.
-- KEYS: request   ARGV: token   Answer: 1 held, 0 lost
local known = redis.call('HMGET', KEYS[1], 'state', 'token')
if known[1] ~= 'working' or known[2] ~= ARGV[1] then
	return 0
end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'state', 'parked', 'lease_until_ms', string.format('%.0f', now_ms))
return 1
