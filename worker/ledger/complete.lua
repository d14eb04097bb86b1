-- The end of a request, with what a replay will publish and, perhaps, what is to be
-- asked later. Asked again with the same token (the answer was lost) it changes nothing.
-- KEYS: request [, due, due records]
-- ARGV: token, outcome, credential, horizon_ms [, due id, due at_ms, due record]
-- Answer: 1 held, 0 lost
local known = redis.call('HMGET', KEYS[1], 'state', 'token')
if known[2] ~= ARGV[1] then
	return 0
end
if known[1] == 'done' or known[1] == 'published' then
	return 1
end
if known[1] ~= 'working' then
	return 0
end
redis.call('HSET', KEYS[1], 'state', 'done', 'outcome', ARGV[2], 'credential', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
if KEYS[2] then
	redis.call('ZADD', KEYS[2], ARGV[6], ARGV[5])
	redis.call('HSET', KEYS[3], ARGV[5], ARGV[7])
end
return 1
