-- The end of a request, with what a replay will publish and, perhaps, what is to be
-- asked later and what is left of the subject's time-bound grants. Asked again with the
-- same token (the answer was lost) it changes nothing.
-- KEYS: request, due, due records [, subject]
-- ARGV: token, outcome, credential, horizon_ms, due id ('' = none), due at_ms, due record,
--       grants ('' = as they were), keep_until_ms ('' = for good)
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
if KEYS[4] then
	local held = redis.call('HMGET', KEYS[4], 'holder', 'token', 'grants')
	-- Whoever took it meanwhile decided by what was so without us.
	if ARGV[8] ~= '' and (held[1] ~= KEYS[1] or held[2] ~= ARGV[1]) then
		return 0
	end
	if ARGV[8] ~= '' then
		local time = redis.call('TIME')
		redis.call('HSET', KEYS[4], 'grants', ARGV[8],
			'changed_us', string.format('%.0f', time[1] * 1000000 + time[2]))
		redis.call('HDEL', KEYS[4], 'holder', 'token')
		if ARGV[9] == '' then
			redis.call('PERSIST', KEYS[4])
		else
			redis.call('PEXPIREAT', KEYS[4], ARGV[9])
		end
	elseif held[1] == KEYS[1] then
		redis.call('HDEL', KEYS[4], 'holder', 'token')
	end
end
redis.call('HSET', KEYS[1], 'state', 'done', 'outcome', ARGV[2], 'credential', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
if ARGV[5] ~= '' then
	redis.call('ZADD', KEYS[2], ARGV[6], ARGV[5])
	redis.call('HSET', KEYS[3], ARGV[5], ARGV[7])
end
return 1
