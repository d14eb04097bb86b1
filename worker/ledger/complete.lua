-- The end of a request, with what a replay will publish. Asked again with the
-- same token (the answer was lost) it changes nothing.
-- KEYS: request   ARGV: token, outcome, credential, horizon_ms   Answer: 1 held, 0 lost
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
return 1
