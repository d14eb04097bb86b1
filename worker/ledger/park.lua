-- Give the claim back: anybody may resume it at once.
-- KEYS: request   ARGV: token   Answer: 1 held, 0 lost
local known = redis.call('HMGET', KEYS[1], 'state', 'token')
if known[1] ~= 'working' or known[2] ~= ARGV[1] then
	return 0
end
redis.call('HSET', KEYS[1], 'state', 'parked', 'lease_until_ms', '0')
return 1
