-- A new lease for the holder.
-- KEYS: request   ARGV: token, lease_ms   Answer: 1 held, 0 lost
local known = redis.call('HMGET', KEYS[1], 'state', 'token')
if known[1] ~= 'working' or known[2] ~= ARGV[1] then
	return 0
end
local time = redis.call('TIME')
local until_ms = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
redis.call('HSET', KEYS[1], 'lease_until_ms', string.format('%.0f', until_ms))
return 1
